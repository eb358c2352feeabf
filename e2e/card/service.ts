import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type BuiltDriver,
  bundleInformation,
  type ReaderDriver,
  slotNumber,
  tryBuildDriver,
  vpcdLibrary,
} from './driver.ts';
import { freePairOfPorts } from './ports.ts';
import type { SlotAddress } from './virtual-card.ts';

/** A PC/SC service of one's own: nothing else on the machine sees it. */
export interface ReaderService {
  /** Value for `PCSCLITE_CSOCK_NAME` in the environment of whoever shall use this service. */
  readonly socket: string;
  /** Where a card connects to, one for each slot: `createVirtualSlot(service.ports[0])`. */
  readonly ports: readonly SlotAddress[];
  readonly driver: ReaderDriver;
  /** Takes a reader away, or brings it back, and waits until the service has done so; `kazasu` only. */
  unplug(slot: number): Promise<void>;
  plug(slot: number): Promise<void>;
  /** Ends the service in good order and removes its folder. */
  stop(): Promise<void>;
  /** SIGKILL: the socket stays behind, as after a crash. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, or ends and starts it. */
  restart(): Promise<void>;
}

export interface ReaderServiceOptions {
  /** Made if absent, removed by `stop`. A service left over in it by a dead process is ended first. */
  readonly folder: string;
  /** Number of readers with one slot each; default 2. */
  readonly slots?: number;
  /** Names of the readers instead of a number; PC/SC adds two numbers to each. */
  readonly readers?: readonly string[];
  /** Default: `kazasu` where it can be compiled. `vpcd` always has two slots of one reader. */
  readonly driver?: ReaderDriver;
  /** Default true. False: the readers are unplugged at start. */
  readonly plugged?: boolean;
}

/**
 * Binds the folder over /run/pcscd, and its drivers over the system's, in a mount namespace of its own, and becomes the
 * service; dies with its starter.
 */
const enter = `
run=$1 readers=$2 drivers=$3 preload=$4
if [ ! -d /run/pcscd ]; then mount -t tmpfs tmpfs /run && mkdir /run/pcscd; fi
mount --bind "$run" /run/pcscd || exit 1
if [ -n "$preload" ]; then mount --bind "$drivers" /usr/lib/pcsc/drivers || exit 1; fi
exec setpriv --pdeathsig KILL env LD_PRELOAD="$preload" KAZASU_READERS="$run" pcscd --foreground --config "$readers"
`;

export async function startReaderService(options: ReaderServiceOptions): Promise<ReaderService> {
  const folder = resolve(options.folder);
  const run = join(folder, 'run');
  const configuration = join(folder, 'readers');
  const socket = join(run, 'pcscd.comm');
  if (socket.length > 100) throw new Error(`Too long for a socket: ${socket}`);
  endLeftover(run, configuration);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(run, { recursive: true });
  mkdirSync(configuration, { recursive: true });
  const names = options.readers ?? Array.from({ length: options.slots ?? 2 }, (_, index) => `Kazasu Reader ${index}`);
  const built = options.driver === 'vpcd' ? undefined : tryBuildDriver();
  if (built === undefined && options.driver === 'kazasu') throw new Error('The virtual reader cannot be compiled');
  const drivers = join(folder, 'drivers');
  const slots = names.map((_, slot) => join(run, `r${slotNumber(slot)}`));
  const marker = (slot: number) => `${slots[slot]}.plugged`;
  if (built !== undefined) installBundle(drivers, names, built);
  const ports = built === undefined ? await configureVpcd(configuration) : slots.map((slot) => `${slot}.card`);
  if (built !== undefined && options.plugged !== false)
    for (const slot of slots.keys()) writeFileSync(marker(slot), '');

  let service: ChildProcess | undefined;
  async function start(): Promise<void> {
    rmSync(socket, { force: true });
    rmSync(join(run, 'pcscd.pid'), { force: true });
    const expected = [socket];
    for (const [slot, address] of ports.entries()) {
      if (typeof address !== 'string') continue;
      rmSync(address, { force: true });
      if (existsSync(marker(slot))) expected.push(address);
    }
    const namespace = process.getuid?.() === 0 ? ['--mount'] : ['--map-root-user', '--mount'];
    const places = [run, configuration, drivers, built?.udev ?? ''];
    const child = spawn('unshare', [...namespace, 'sh', '-c', enter, 'sh', ...places], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    const listen = (text: Buffer) => {
      said = `${said}${text}`.slice(-2_000);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    service = child;
    await until(() => {
      if (child.exitCode !== null) throw new Error(`The PC/SC service did not start: ${said}`);
      return expected.every((path) => existsSync(path));
    });
  }

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = service;
    service = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    const patience = setTimeout(() => child.kill('SIGKILL'), 2_000);
    await ended;
    clearTimeout(patience);
  }

  await start();
  return {
    socket,
    ports,
    driver: built === undefined ? 'vpcd' : 'kazasu',
    async unplug(slot) {
      rmSync(marker(slot), { force: true });
      await until(() => !existsSync(String(ports[slot])));
    },
    async plug(slot) {
      writeFileSync(marker(slot), '');
      await until(() => existsSync(String(ports[slot])));
    },
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGTERM');
      await start();
    },
    async stop() {
      await end('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What the service does shows in its folder only. */
async function until(done: () => boolean): Promise<void> {
  const limit = performance.now() + 10_000;
  while (!done()) {
    if (performance.now() > limit) throw new Error('The PC/SC service did not follow within ten seconds');
    await delay(5);
  }
}

async function configureVpcd(configuration: string): Promise<number[]> {
  const port = await freePairOfPorts();
  const channel = `0x${port.toString(16).toUpperCase()}`;
  writeFileSync(
    join(configuration, 'vpcd'),
    `FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:${channel}\nLIBPATH ${vpcdLibrary}\nCHANNELID ${channel}\n`,
  );
  return [port, port + 1];
}

function installBundle(drivers: string, readers: readonly string[], built: BuiltDriver): void {
  const contents = join(drivers, 'kazasu.bundle', 'Contents');
  mkdirSync(join(contents, 'Linux'), { recursive: true });
  writeFileSync(join(contents, 'Info.plist'), bundleInformation(readers));
  copyFileSync(built.ifd, join(contents, 'Linux', 'ifd-kazasu.so'));
}

/** A service that outlived its starter has its process number in the folder. */
function endLeftover(run: string, configuration: string): void {
  try {
    const pid = Number.parseInt(readFileSync(join(run, 'pcscd.pid'), 'utf8'), 10);
    const ours = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(configuration);
    if (pid > 0 && ours) process.kill(pid, 'SIGKILL');
  } catch {
    // Nothing is left over.
  }
}
