import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { tryBuildLibrary } from '../card/driver.ts';
import { forget } from './power.ts';

/** How the disk of a process is; what is left out is as it should be. */
export interface DiskState {
  readonly full?: boolean;
  readonly readOnly?: boolean;
  /** So many flushes fail from now on. */
  readonly badFlushes?: number;
  /** It has a memory of its own, out of which a cut of the power takes what was not flushed. */
  readonly forgets?: boolean;
}

/** A disk under one folder of one process that fails when it is told to. */
export interface FailingDisk {
  /** Variables of the process. */
  readonly env: NodeJS.ProcessEnv;
  change(state: DiskState): void;
  /**
   * Where it forgets: what was written since then and not flushed was never written; of the last write the part before
   * `torn` (0 to 1) was. For a process that stands still and is killed then.
   */
  cutPower(torn: number): void;
}

/** Undefined where there is no compiler. `control` is a file beside the folder. */
export const tryCreateDisk = (folder: string, control: string): FailingDisk | undefined => {
  const library = tryBuildLibrary(join(import.meta.dirname, 'kinds', 'disk.c'));
  if (library === undefined) return undefined;
  writeFileSync(control, Buffer.alloc(4096));
  return {
    env: { LD_PRELOAD: library, KAZASU_DISK_FAULTS: control, KAZASU_DISK_FOLDER: folder },
    change({ full = false, readOnly = false, badFlushes = 0, forgets = false }) {
      const file = openSync(control, 'r+');
      const state = Int32Array.of(Number(full), Number(readOnly), badFlushes, Number(forgets));
      writeSync(file, Buffer.from(state.buffer), 0, state.byteLength, 0);
      closeSync(file);
    },
    cutPower: (torn) => forget(folder, `${control}.notes`, torn),
  };
};
