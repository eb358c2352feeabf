import { readdirSync, readFileSync } from 'node:fs';

/** A process and all its descendants that live at this moment. */
function treeOf(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(Number(name));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

/** Proportional set size of a whole tree in MiB: shared pages are counted once, split among their users. */
export function memoryOf(root: number): number {
  let kibibytes = 0;
  for (const pid of treeOf(root)) {
    try {
      kibibytes += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    } catch {
      // It ended meanwhile.
    }
  }
  return kibibytes / 1024;
}

/** Processor time of a whole tree so far, in seconds. */
export function processorSeconds(root: number): number {
  let ticks = 0;
  for (const pid of treeOf(root)) {
    const fields = statOf(pid);
    ticks += Number(fields?.[11] ?? 0) + Number(fields?.[12] ?? 0);
  }
  return ticks / 100;
}

const parentOf = (pid: number): number | undefined => {
  const parent = statOf(pid)?.[1];
  return parent === undefined ? undefined : Number(parent);
};

/** Fields of /proc/PID/stat from the state on (proc(5)): 0 state, 1 parent, 11 user time, 12 system time. */
function statOf(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
