import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { tryBuildLibrary } from '../card/driver.ts';

/** How the disk of a process is; what is left out is as it should be. */
export interface DiskState {
  readonly full?: boolean;
  readonly readOnly?: boolean;
  /** So many flushes fail from now on. */
  readonly badFlushes?: number;
}

/** A disk under one folder of one process that fails when it is told to. */
export interface FailingDisk {
  /** Variables of the process. */
  readonly env: NodeJS.ProcessEnv;
  change(state: DiskState): void;
}

/** Undefined where there is no compiler. `control` is a file beside the folder. */
export const tryCreateDisk = (folder: string, control: string): FailingDisk | undefined => {
  const library = tryBuildLibrary(join(import.meta.dirname, 'kinds', 'disk.c'));
  if (library === undefined) return undefined;
  writeFileSync(control, Buffer.alloc(4096));
  return {
    env: { LD_PRELOAD: library, KAZASU_DISK_FAULTS: control, KAZASU_DISK_FOLDER: folder },
    change({ full = false, readOnly = false, badFlushes = 0 }) {
      const file = openSync(control, 'r+');
      writeSync(file, Buffer.from(Int32Array.of(Number(full), Number(readOnly), badFlushes).buffer), 0, 12, 0);
      closeSync(file);
    },
  };
};
