/**
 * The reader process: started by the guard with an IPC channel (`fork`), it tells what cards do and ends when the channel
 * closes. Each wait and each exchange occupies a worker thread, so start it with `UV_THREADPOOL_SIZE=16`.
 */
import { flushCompileCache } from 'node:module';
import { performance } from 'node:perf_hooks';
import { type FromReader, fromReader, type ToReader, toReader } from '#contract/reader.ts';
import { createChallenges } from './challenges.ts';
import { drivers } from './drivers/index.ts';
import { createExchange } from './exchange.ts';
import { createMonitor } from './monitor.ts';
import { absentPcsc, createPcsc, type Pcsc } from './pcsc.ts';
import { createPresentations, type PresentationSettings } from './presentations.ts';
import { loadWinscard } from './winscard.ts';

/** Slots for security modules, which look like readers with a mute card. */
const ignoredAtStart = [' SAM ', ' SAM]', ' SAM Reader'];

/** One JSON line for each entry. Never an identifier: callers pass reader names, counts and codes only. */
function log(event: string, fields: Readonly<Record<string, unknown>> = {}): void {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), from: 'reader', event, ...fields })}\n`);
}

function tell(message: FromReader): void {
  if (!fromReader.safeParse(message).success) log('own-message-wrong', { kind: message.kind });
  else if (process.connected) process.send?.(message);
}

type Configuration = Extract<ToReader, { kind: 'configure' }>;
type Challenge = Extract<ToReader, { kind: 'challenge' }>['challenge'];

interface Host {
  configure(configuration: Configuration): void;
  challenge(challenge: Challenge): void;
  hanging(): number;
  stop(): Promise<void>;
}

/** A machine without the library has no service; that is a state to show, not a reason to end. */
function findPcsc(): Pcsc {
  try {
    return createPcsc(loadWinscard());
  } catch (error) {
    log('no-library', { error: error instanceof Error ? error.message : 'unknown' });
    return absentPcsc;
  }
}

function start(): Host {
  const pcsc = findPcsc();
  const now = () => performance.now();
  const challenges = createChallenges({ want: () => tell({ kind: 'challenge-wanted' }) });
  let settings: Omit<PresentationSettings, 'challenge'> = { felicaSystemCode: 'FFFF', severalWithin: 1_000 };
  const presentations = createPresentations({
    createExchange: (reader) => createExchange({ pcsc, drivers, now }, reader),
    settings: () => ({ ...settings, challenge: challenges.asked() }),
    emit(message) {
      if (message.kind === 'card-read' && message.card.proof) challenges.spend(message.card.proof.nonce);
      tell(message);
    },
    now,
    log,
    giveUp: () => end(exitCodes.hanging),
  });
  const monitor = createMonitor({ pcsc, emit: presentations.take, log }, ignoredAtStart);
  return {
    configure({ ignoreReaders, felicaSystemCode, severalWithinMilliseconds }) {
      settings = {
        felicaSystemCode: felicaSystemCode ?? settings.felicaSystemCode,
        severalWithin: severalWithinMilliseconds ?? settings.severalWithin,
      };
      monitor.ignore(ignoreReaders);
    },
    challenge: challenges.take,
    hanging: presentations.hanging,
    async stop() {
      await monitor.stop();
      await presentations.stop();
    },
  };
}

/** The guard starts the process again whatever the code; the code is for the log. */
const exitCodes = { stopped: 0, bug: 1, noChannel: 2, hanging: 3 } as const;

/** Ends in good order, but not later than this: a driver that does not answer must not keep the process. */
const longestEnd = 1_500;

function end(code: number): void {
  // An exit waits for the worker threads, and so for the driver that hangs on one of them.
  const endHard = () => process.kill(process.pid, 'SIGKILL');
  setTimeout(endHard, longestEnd).unref();
  void host.stop().then(() => (host.hanging() > 0 ? endHard() : process.exit(code)));
}

function bug(error: unknown): void {
  log('bug', { error: error instanceof Error ? (error.stack ?? error.message) : 'not an error' });
  process.exit(exitCodes.bug);
}

if (process.send === undefined) {
  log('no-channel');
  process.exit(exitCodes.noChannel);
}

process.on('uncaughtException', bug);
process.on('unhandledRejection', bug);

const host = start();
// As the guard does: this process is killed with it.
setTimeout(flushCompileCache, 1_000).unref();

process.on('disconnect', () => end(exitCodes.stopped));
process.on('message', (message: unknown) => {
  const parsed = toReader.safeParse(message);
  if (!parsed.success) log('message-refused');
  else if (parsed.data.kind === 'configure') host.configure(parsed.data);
  else if (parsed.data.kind === 'challenge') host.challenge(parsed.data.challenge);
  else end(exitCodes.stopped);
});
