import { renameSync, writeFileSync } from 'node:fs';

/** The clocks of a process of Node, which may be set, and whose machine may sleep. */
export interface ShiftedClock {
  /** Variables of the process. */
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds by which the clock that people see is off. */
  set(away: number): void;
  /** The machine sleeps for so long: what counts its time goes on by it. */
  sleep(milliseconds: number): void;
}

/** Read ten times a second; the clock that never jumps (`performance.now`) is left as it is, as Linux does in sleep. */
const program = (path: string): string => `
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { syncBuiltinESMExports } from 'node:module';
let [away, slept] = [0, 0];
const read = () => { try { [away, slept] = JSON.parse(readFileSync(${JSON.stringify(path)}, 'utf8')); } catch {} };
read();
setInterval(read, 100).unref();
const True = Date;
globalThis.Date = class extends True {
  constructor(...given) { super(...(given.length > 0 ? given : [True.now() + away])); }
  static now() { return True.now() + away; }
};
const { uptime } = os;
os.uptime = () => uptime() + slept / 1000;
syncBuiltinESMExports();
`;

export const createShiftedClock = (path: string): ShiftedClock => {
  let [away, slept] = [0, 0];
  const write = (): void => {
    writeFileSync(`${path}.new`, JSON.stringify([away, slept]));
    renameSync(`${path}.new`, path);
  };
  write();
  return {
    env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(program(path))}` },
    set(next) {
      away = next;
      write();
    },
    sleep(milliseconds) {
      slept += milliseconds;
      write();
    },
  };
};
