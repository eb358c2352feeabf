/** The guard's program. Configuration comes from the environment (`settings.ts`); it says on standard output when it is ready. */
import { fileURLToPath } from 'node:url';
import { createWorkstation } from '#native/workstation/index.ts';
import { startGuard } from './guard.ts';
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

// A bug ends the process: its lease ends with it, so the desktop is covered, and whoever started it starts it again.
process.on('uncaughtException', (error) => {
  log.error('bug', { code: codeOf(error), stack: placesOf(error) });
  process.exit(70);
});

try {
  const workstation = createWorkstation();
  const guard = await startGuard({
    settings,
    keychain: workstation.keychain,
    keychainAdvice: workstation.keychainAdvice,
    readerProgram: fileURLToPath(new URL('../native/reader/host.ts', import.meta.url)),
    log,
    tell,
  });
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), 8_000).unref();
    void guard.stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (settings.endsWithParent) {
    process.on('disconnect', stop);
    process.stdin.on('end', stop).on('error', stop).resume();
  }
  process.stdout.write(`${JSON.stringify({ ready: true, socket: settings.socket })}\n`);
} catch (error) {
  tell(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
