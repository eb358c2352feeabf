/**
 * The reader process: started by the guard with an IPC channel (`fork`), it tells what cards do and ends when the channel
 * closes. Each wait and each exchange occupies a worker thread, so start it with `UV_THREADPOOL_SIZE=16`.
 */
import { performance } from 'node:perf_hooks';
import { type FromReader, toReader } from '#contract/reader.ts';
import { drivers } from './drivers/index.ts';
import { createExchange } from './exchange.ts';
import { createMonitor } from './monitor.ts';
import { createPcsc } from './pcsc.ts';
import { createPresentations } from './presentations.ts';
import { loadWinscard } from './winscard.ts';

/** Slots for security modules, which look like readers with a mute card. */
const ignoredAtStart = [' SAM ', ' SAM]', ' SAM Reader'];

/** One JSON line for each entry. Never an identifier: callers pass reader names, counts and codes only. */
function log(event: string, fields: Readonly<Record<string, unknown>> = {}): void {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), from: 'reader', event, ...fields })}\n`);
}

function tell(message: FromReader): void {
  if (process.connected) process.send?.(message);
}

function start(): { stop: () => Promise<void>; ignore: (parts: readonly string[]) => void } {
  const pcsc = createPcsc(loadWinscard());
  const now = () => performance.now();
  const presentations = createPresentations({
    createExchange: (reader) => createExchange({ pcsc, drivers, now }, reader),
    settings: () => ({ felicaSystemCode: 'FFFF' }),
    emit: tell,
    now,
    log,
  });
  const monitor = createMonitor({ pcsc, emit: presentations.take, log }, ignoredAtStart);
  return {
    ignore: monitor.ignore,
    async stop() {
      await monitor.stop();
      await presentations.stop();
    },
  };
}

if (process.send === undefined) {
  log('no-channel');
  process.exit(2);
}

const host = start();

function end(): void {
  // A driver that never answers must not keep the process: the limit of a wait is one second.
  setTimeout(() => process.exit(0), 1_500).unref();
  void host.stop().then(() => process.exit(0));
}

process.on('disconnect', end);
process.on('message', (message: unknown) => {
  const parsed = toReader.safeParse(message);
  if (!parsed.success) return log('bad-message');
  if (parsed.data.kind === 'configure') host.ignore(parsed.data.ignoreReaders);
  else end();
});
