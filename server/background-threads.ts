import { readdirSync, readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** By how much the threads below are nicer than the event loop; 19 is the nicest there is. */
const nicer = 10;
const yieldingNames = /^(libuv-worker|reports)/;
const mayYield = (task: string): boolean => yieldingNames.test(readFileSync(`/proc/self/task/${task}/comm`, 'utf8'));

/**
 * Has the threads that hash, sign and read files for the event loop (libuv's), and those that store reports, give way to it and to
 * the database: a flood of PINs or of reports takes what they leave, and a tap is answered at once. They exist from their first work on. Linux alone has a priority for each thread (`setpriority(2)`).
 */
export const letBackgroundThreadsYield = (): void => {
  if (process.platform !== 'linux') return;
  const yielding = Math.min(getPriority() + nicer, 19);
  for (const task of readdirSync('/proc/self/task').filter(mayYield)) setPriority(Number(task), yielding);
};
