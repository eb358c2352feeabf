import { readdirSync, readFileSync } from 'node:fs';

/** Processes of Chromium under a screen: `renderer`, `gpu-process`, `zygote` … */
export function findChromium(screen: number | undefined, type: string): number[] {
  if (screen === undefined) return [];
  const parents = new Map<number, { parent: number; words: string }>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      const parent = Number(/\) \S (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]);
      parents.set(pid, { parent, words: readFileSync(`/proc/${pid}/cmdline`, 'utf8') });
    } catch {
      // It has ended meanwhile.
    }
  }
  const isBelow = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at)?.parent)
      if (at === screen) return true;
    return false;
  };
  return [...parents].flatMap(([pid, { words }]) => (words.includes(`--type=${type}`) && isBelow(pid) ? [pid] : []));
}
