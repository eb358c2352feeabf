/** The guard's program. Configuration comes from the environment (`settings.ts`); it says on standard output when it is ready. */
import { write } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { createWorkstation } from '#native/workstation/index.ts';
import { type Guard, startGuard } from './guard.ts';
import { codeOf, createLog, placesOf } from './log.ts';
import { parseSettings } from './settings.ts';

const tell = (message: string) => void process.stderr.write(`kazasu guard: ${message}\n`);
const parsed = parseSettings(process.env);
if (!parsed.ok) {
  for (const problem of parsed.problems) tell(problem);
  process.exit(2);
}
const { settings } = parsed;
const log = createLog({
  level: settings.logLevel,
  now: () => new Date(),
  write: (line) => void process.stderr.write(line),
});

/** Milliseconds between signs of life. */
const beatEvery = 500;
/** Milliseconds after the start when nobody waits for anything. */
const cacheAfter = 1_000;
const { beat } = settings;
if (beat !== undefined) setInterval(() => write(beat, '.', () => undefined), beatEvery);

// A bug ends the process: its lease ends with it, so the desktop is covered, and whoever started it starts it again.
process.on('uncaughtException', (error) => {
  log.error('bug', { code: codeOf(error), stack: placesOf(error) });
  process.exit(70);
});

const fail = (error: unknown): never => {
  tell(error instanceof Error ? error.message : String(error));
  process.exit(1);
};

let stopping = false;
try {
  const workstation = createWorkstation();
  const start = (): Promise<Guard> =>
    startGuard({
      settings,
      keychain: workstation.keychain,
      keychainAdvice: workstation.keychainAdvice,
      createPeerUser: workstation.createPeerUser,
      holdLife: workstation.holdLife,
      asUser: workstation.asUser,
      boot: workstation.boot,
      readerProgram: fileURLToPath(new URL('../native/reader/host.ts', import.meta.url)),
      log,
      tell,
      onAdmittedAnew: () => void startAgain().catch(fail),
    });
  let running: Promise<Guard> = start();
  const startAgain = async (): Promise<void> => {
    const before = await running;
    running = before.stop().then(() => (stopping ? before : start()));
    await running;
  };
  await running;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), 8_000).unref();
    void running.then((guard) => guard.stop()).then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (settings.endsWithParent) {
    process.on('disconnect', stop);
    process.stdin.on('end', stop).on('error', stop).resume();
  }
  process.stdout.write(`${JSON.stringify({ ready: true, socket: settings.socket })}\n`);
  // Node keeps what it has compiled when it ends in order. A guard that is killed has kept it before.
  setTimeout(flushCompileCache, cacheAfter).unref();
} catch (error) {
  fail(error);
}
