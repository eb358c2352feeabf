/** Clocks of terminals that are set, and terminals that sleep. */
import type { Fault } from './fault.ts';

const minute = 60_000;
const day = 1_440 * minute;
const jumps = [-3 * day, -2 * minute, -5_000, 5_000, 2 * minute, 3 * day, 400 * day] as const;

export const clockSet: Fault = ({ dice, site, terminal }) => {
  site.clocks[terminal].set(jumps[Math.floor(dice * jumps.length)] ?? 0);
  return () => site.clocks[terminal].set(0);
};

/**
 * For three days, as it counts; the server has not moved. To a terminal that is three days ahead the next beat is one that lay
 * there while it slept: it asks anew, and only what it is told then puts it back.
 */
export const terminalSlept: Fault = ({ site, terminal }) => {
  const guard = site.terminals[terminal].ward.guard();
  const clock = site.clocks[terminal];
  guard.kill('SIGSTOP');
  return () => {
    clock.sleep(3 * day);
    guard.kill('SIGCONT');
  };
};
