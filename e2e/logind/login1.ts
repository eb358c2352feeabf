import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileOnce } from '#setup/curtain.ts';
import { keep } from '#setup/keep.ts';
import { eachLine } from '#setup/lines.ts';
import { createStops } from '#setup/stops.ts';
import { until } from '../world.ts';

/** A program that is spoken to by lines, and what it has said. */
export interface Spoken {
  readonly heard: readonly string[];
  say(word: string): void;
  /** Waits for a line, the first after `from` lines. */
  says(line: string, from?: number): Promise<void>;
  /** Closes its input and waits for its end. */
  leave(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  kill(): Promise<void>;
}

export function speakTo(program: string, env: NodeJS.ProcessEnv): Spoken {
  const child = spawn(program, [], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const heard: string[] = [];
  child.stdin.on('error', () => undefined);
  eachLine(child.stdout, (line) => heard.push(line));
  return {
    heard,
    say: (word) => void child.stdin.write(`${word}\n`),
    async says(line, from = 0) {
      await until(`it says ${line}; so far: ${heard.join(', ')}`, () => heard.slice(from).includes(line), 5_000);
    },
    async leave() {
      child.stdin.end();
      await ended;
    },
    signal: (name) => void child.kill(name),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A system bus of its own. */
export interface SystemBus {
  readonly env: { readonly DBUS_SYSTEM_BUS_ADDRESS: string };
  /** As much of logind as a lock needs: `login1.c`. */
  startLogind(): Promise<Spoken>;
  stop(): Promise<void>;
}

export async function openSystemBus(folder: string): Promise<SystemBus> {
  const address = `unix:path=${join(folder, 'bus')}`;
  const configuration = join(folder, 'bus.xml');
  writeFileSync(
    configuration,
    `<busconfig><type>system</type><listen>${address}</listen><auth>EXTERNAL</auth>
      <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
    </busconfig>`,
  );
  const stops = createStops();
  const bus = await keep({
    name: 'system bus',
    command: 'dbus-daemon',
    args: [`--config-file=${configuration}`, '--nofork', '--nopidfile', '--print-address'],
    log: join(folder, 'bus.log'),
    ready: { line: /^unix:/ },
  });
  stops.add(bus.stop);
  const program = await compileOnce(
    { name: 'login1', sources: [join(import.meta.dirname, 'login1.c')], libraries: ['libsystemd'] },
    ['-O1', '-Wall', '-Wextra', '-Werror'],
  );
  const env = { DBUS_SYSTEM_BUS_ADDRESS: address };
  return {
    env,
    async startLogind() {
      const logind = speakTo(program, env);
      stops.add(logind.kill);
      await logind.says('ready');
      return logind;
    },
    stop: stops.stop,
  };
}
