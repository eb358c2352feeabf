import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/** Nice value of the threads that hash, sign and read files for the event loop. */
const yielding = 10;
const isOfPool = (task: string): boolean =>
  readFileSync(`/proc/self/task/${task}/comm`, 'utf8').startsWith('libuv-worker');

/**
 * Has libuv's threads give way to the event loop and to the database: a flood of PINs takes what they leave, and a tap is
 * answered at once. They exist from their first work on. Linux alone has a priority for each thread (`setpriority(2)`).
 */
export const letBackgroundThreadsYield = (): void => {
  if (process.platform !== 'linux') return;
  for (const task of readdirSync('/proc/self/task').filter(isOfPool)) setPriority(Number(task), yielding);
};
