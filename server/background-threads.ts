import { readdirSync, readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** By how much the threads that hash, sign and read files for the event loop are nicer than it; 19 is the nicest there is. */
const nicer = 10;
const isOfPool = (task: string): boolean =>
  readFileSync(`/proc/self/task/${task}/comm`, 'utf8').startsWith('libuv-worker');

/**
 * Has libuv's threads give way to the event loop and to the database: a flood of PINs takes what they leave, and a tap is
 * answered at once. They exist from their first work on. Linux alone has a priority for each thread (`setpriority(2)`).
 */
export const letBackgroundThreadsYield = (): void => {
  if (process.platform !== 'linux') return;
  const yielding = Math.min(getPriority() + nicer, 19);
  for (const task of readdirSync('/proc/self/task').filter(isOfPool)) setPriority(Number(task), yielding);
};
