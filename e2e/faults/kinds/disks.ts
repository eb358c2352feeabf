/** Disks that are full, cannot be written, or fail to keep what they were given. */
import { setTimeout as delay } from 'node:timers/promises';
import type { DiskState } from '../disk.ts';
import type { Fault } from './fault.ts';

const withDisk =
  (state: DiskState): Fault =>
  ({ site, terminal }) => {
    const disk = site.disks[terminal];
    disk?.change(state);
    return () => disk?.change({});
  };

export const diskFull = withDisk({ full: true });
export const diskReadOnly = withDisk({ readOnly: true });
/** One flush fails, or several in a row. */
export const flushFails: Fault = (strike) => withDisk({ badFlushes: 1 + Math.floor(strike.dice * 4) })(strike);

export const databaseDiskFull: Fault = ({ site }) => {
  if (!site.database.hasOwnDisk) return undefined;
  site.database.fill();
  return () => site.database.empty();
};

/** Its disk has a memory of its own, and the power goes. */
export const powerCut: Fault = ({ dice, site, terminal }) => {
  const disk = site.disks[terminal];
  disk?.change({ forgets: true });
  return async () => {
    const guard = site.terminals[terminal].ward.guard();
    guard.kill('SIGSTOP');
    await delay(50);
    disk?.change({});
    // Every third time nothing of the last write is there.
    disk?.cutPower(Math.max(0, dice * 1.5 - 0.5));
    guard.kill('SIGKILL');
  };
};
