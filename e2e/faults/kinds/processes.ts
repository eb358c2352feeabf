/** Processes that die or hang. */
import type { Kept } from '#setup/keep.ts';
import type { Fault, Strike } from './fault.ts';

const hang = (kept: Kept) => {
  const pid = kept.pid();
  kept.kill('SIGSTOP');
  return (): void => {
    // Another one may have come in its place.
    if (kept.pid() === pid) kept.kill('SIGCONT');
  };
};
const guardOf = ({ site, terminal }: Strike): Kept => site.terminals[terminal].ward.guard();

export const guardKilled: Fault = (strike) => {
  guardOf(strike).kill('SIGKILL');
  return undefined;
};
export const guardHung: Fault = (strike) => hang(guardOf(strike));
export const serverKilled: Fault = ({ site, server }) => {
  site.server(server).process.kill('SIGKILL');
  return undefined;
};
export const serverHung: Fault = ({ site, server }) => hang(site.server(server).process);
export const databaseKilled: Fault = ({ site }) => {
  site.database.kill();
  return undefined;
};
