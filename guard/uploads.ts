import type { JournalRecord } from '#contract/audit.ts';
import { failures } from '#contract/errors.ts';
import { createBackOff, pause } from './back-off.ts';
import type { Http } from './http.ts';
import type { Log } from './log.ts';
import type { Position } from './position.ts';

export interface UploadsDeps {
  readonly call: Http['call'];
  readonly position: Position;
  readonly log: Log;
  /** Milliseconds that a record may wait for others, so that no upload stands beside a login. */
  readonly gather?: number;
}

/** Brings the journal to the server, oldest first and at least once; the server stores each record once. */
export interface Uploads {
  add(records: readonly JournalRecord[]): void;
  /** The server can be reached. */
  resume(): void;
  /** Sends what is there, once and within this time (milliseconds). */
  flush(limit: number): Promise<void>;
  stop(): Promise<void>;
}

const batchSize = 200;

export function createUploads(deps: UploadsDeps): Uploads {
  const stopped = new AbortController();
  const backOff = createBackOff({ first: 500, longest: 30_000 });
  let waiting: JournalRecord[] = [];
  let online = false;
  let running: Promise<void> | undefined;
  let woken = new AbortController();

  /** Records of one epoch that go together. */
  function nextBatch(): JournalRecord[] {
    const first = waiting[0];
    return first === undefined ? [] : waiting.slice(0, batchSize).filter((record) => record.epoch === first.epoch);
  }

  async function send(batch: readonly JournalRecord[], limit: number): Promise<boolean> {
    const reply = await deps.call('terminals/report', { body: { records: [...batch] } }, { lane: 'background', limit });
    if (!reply.ok) {
      const { code } = reply.failure;
      if (!failures[code].retry) deps.log.error('upload-refused', { code, count: batch.length });
      return false;
    }
    const { epoch, sequence } = reply.value;
    if (epoch !== batch[0]?.epoch) return false;
    const before = waiting.length;
    waiting = waiting.filter((record) => record.epoch !== epoch || record.sequence > sequence);
    if (waiting.length === before) return false;
    const { uploaded } = deps.position.get();
    deps.position.change({ uploaded: { ...uploaded, [epoch]: sequence } });
    return true;
  }

  async function run(): Promise<void> {
    await pause(deps.gather ?? 300, stopped.signal);
    while (online && waiting.length > 0 && !stopped.signal.aborted) {
      if (await send(nextBatch(), 10_000)) backOff.reset();
      else await pause(backOff.next(), AbortSignal.any([stopped.signal, woken.signal]));
    }
    running = undefined;
  }

  function begin(): void {
    if (online && waiting.length > 0 && !stopped.signal.aborted) running ??= run();
  }

  return {
    add(records) {
      const { uploaded } = deps.position.get();
      waiting.push(...records.filter(({ epoch, sequence }) => sequence > (uploaded[epoch] ?? 0)));
      begin();
    },
    resume() {
      online = true;
      woken.abort();
      woken = new AbortController();
      begin();
    },
    async flush(limit) {
      if (online && waiting.length > 0) await send(nextBatch(), limit);
    },
    async stop() {
      stopped.abort();
      await running;
    },
  };
}
