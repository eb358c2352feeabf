import { readdirSync, readFileSync } from 'node:fs';

/** An empty text for what has ended meanwhile, and where there is no /proc. */
const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

const listTasks = (): string[] => {
  try {
    return readdirSync('/proc/self/task');
  } catch {
    return [];
  }
};

const childrenOf = (pid: string, task: string): string[] =>
  read(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean);

/** Processes below this one that a signal or a debugger has stopped, proc(5). Whatever shows a page is among them. */
export const listStopped = (): number[] => {
  const found: number[] = [];
  // Any thread of this process starts children; Chromium's helpers that do so have one thread.
  const waiting = listTasks().flatMap((task) => childrenOf('self', task));
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    if (/\) [Tt] /.test(read(`/proc/${pid}/stat`))) found.push(Number(pid));
    waiting.push(...childrenOf(pid, pid));
  }
  return found;
};
