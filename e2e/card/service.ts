import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A PC/SC service of one's own: nothing else on the machine sees it. */
export interface ReaderService {
  /** Value for `PCSCLITE_CSOCK_NAME` in the environment of whoever shall use this service. */
  readonly socket: string;
  /** TCP ports of the slots on the loopback address: a card connects to one. */
  readonly ports: readonly number[];
  /** Ends the service in good order and removes its folder. */
  stop(): Promise<void>;
  /** SIGKILL: the socket stays behind, as after a crash. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, or ends and starts it. */
  restart(): Promise<void>;
}

export interface ReaderServiceOptions {
  readonly folder: string;
  readonly slots?: 1 | 2;
}

const library = '/usr/lib/pcsc/drivers/serial/libifdvpcd.so';

/** Binds the folder over /run/pcscd in a mount namespace of its own and becomes the service; dies with its starter. */
const enter = `
if [ ! -d /run/pcscd ]; then mount -t tmpfs tmpfs /run && mkdir /run/pcscd; fi
mount --bind "$1" /run/pcscd && exec setpriv --pdeathsig KILL pcscd --foreground --config "$2"
`;

export async function startReaderService(options: ReaderServiceOptions): Promise<ReaderService> {
  const run = join(options.folder, 'run');
  const configuration = join(options.folder, 'readers');
  const socket = join(run, 'pcscd.comm');
  endLeftover(run);
  mkdirSync(run, { recursive: true });
  mkdirSync(configuration, { recursive: true });
  const port = await freePairOfPorts();
  const channel = `0x${port.toString(16).toUpperCase()}`;
  writeFileSync(
    join(configuration, 'vpcd'),
    `FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:${channel}\nLIBPATH ${library}\nCHANNELID ${channel}\n`,
  );

  let service: ChildProcess | undefined;
  async function start(): Promise<void> {
    rmSync(socket, { force: true });
    rmSync(join(run, 'pcscd.pid'), { force: true });
    const asRoot = process.getuid?.() === 0;
    const namespace = asRoot ? ['--mount'] : ['--map-root-user', '--mount'];
    const child = spawn('unshare', [...namespace, 'sh', '-c', enter, 'sh', run, configuration], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stdout.on('data', (text) => (said += text));
    child.stderr.on('data', (text) => (said += text));
    service = child;
    while (!existsSync(socket)) {
      if (child.exitCode !== null) throw new Error(`The PC/SC service did not start: ${said}`);
      await delay(5);
    }
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
    ports: options.slots === 1 ? [port] : [port, port + 1],
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGTERM');
      await start();
    },
    async stop() {
      await end('SIGTERM');
      rmSync(options.folder, { recursive: true, force: true });
    },
  };
}

/** A service that outlived its starter has its process number in the folder. */
function endLeftover(run: string): void {
  try {
    const pid = Number.parseInt(readFileSync(join(run, 'pcscd.pid'), 'utf8'), 10);
    if (pid > 0 && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(join(run, '..', 'readers'))) {
      process.kill(pid, 'SIGKILL');
    }
  } catch {
    // Nothing is left over.
  }
}

/** The virtual reader's second slot listens on the port after the first one's. */
async function freePairOfPorts(): Promise<number> {
  for (;;) {
    const first = await listen(0);
    const second = await listen(first.port + 1).catch(() => undefined);
    await first.close();
    await second?.close();
    if (second !== undefined) return first.port;
  }
}

async function listen(port: number): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer();
  server.listen(port, '0.0.0.0');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
