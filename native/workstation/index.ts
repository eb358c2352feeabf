import { createLinux } from './linux.ts';
import { createWindows } from './windows.ts';
import type { Workstation } from './workstation.ts';

/** The operating system on which this runs. */
export function createWorkstation(): Workstation {
  if (process.platform === 'linux') return createLinux();
  if (process.platform === 'win32') return createWindows();
  throw new Error(`Kazasu runs on Linux and Windows, not on ${process.platform}.`);
}
