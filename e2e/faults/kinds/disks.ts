/** Disks that are full, cannot be written, or fail to keep what they were given. */
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
