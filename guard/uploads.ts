import type { JournalRecord } from '#contract/audit.ts';
import { failures } from '#contract/errors.ts';
import { createBackOff, pause } from './back-off.ts';
import type { Http } from './http.ts';
import { codeOf, type Log } from './log.ts';
import type { Position } from './position.ts';

export interface UploadsDeps {
  readonly call: Http['call'];
  readonly position: Position;
  /** Every record that is still on the disk. */
  readonly reread: () => Promise<readonly JournalRecord[]>;
  /** Of the server that has told what it has; undefined before any has. */
  readonly incarnation: () => string | undefined;
  /** By the terminal's key. */
  readonly sign: (text: string) => string;
  /** The server is another one by now: what it has is to be heard first. */
  readonly onRestored: () => void;
  readonly log: Log;
  /** Milliseconds that a record may wait for others, so that no upload stands beside a login. */
  readonly gather?: number;
}

/** How far a journal is stored. */
export interface Place {
  readonly epoch: string;
  readonly sequence: number;
}

/** Brings the journal to the server, oldest first and at least once; the server stores each record once. */
export interface Uploads {
  add(records: readonly JournalRecord[]): void;
  /**
   * What the server has: where that is less than it confirmed once, it was put back from a backup, and the rest is read
   * from the disk and sent again.
   */
  follow(journals: readonly Place[]): void;
  /** The server can be reached. */
  resume(): void;
  /** Sends what is there, once and within this time (milliseconds). */
  flush(limit: number): Promise<void>;
  stop(): Promise<void>;
}

/** Records of one report, and characters: the server takes no more of either. */
const most = { records: 500, characters: 1024 * 1024 };
/** So many journals the server tells of at most: of older ones it says nothing. */
const mostTold = 20;

export function createUploads(deps: UploadsDeps): Uploads {
  const stopped = new AbortController();
  const backOff = createBackOff({ first: 500, longest: 30_000 });
  let waiting: JournalRecord[] = [];
  let online = false;
  let running: Promise<void> | undefined;
  let woken = new AbortController();
  /** How far a server has said in this run that it has a journal. */
  let told: ReadonlyMap<string, number> = new Map();

  /** Records of one epoch that go together. */
  function nextBatch(): JournalRecord[] {
    const batch: JournalRecord[] = [];
    let characters = 0;
    for (const record of waiting) {
      if (batch.length === most.records || record.epoch !== waiting[0]?.epoch) break;
      characters += JSON.stringify(record).length;
      if (batch.length > 0 && characters > most.characters) break;
      batch.push(record);
    }
    return batch;
  }

  async function send(batch: readonly JournalRecord[], limit: number): Promise<boolean> {
    const incarnation = deps.incarnation();
    // At each try: the server holds it against the certificate that the call goes with, which may be a new one.
    const last = batch.at(-1);
    const signature = deps.sign(`journal.${last?.epoch}.${last?.sequence}.${last?.hash}`);
    const after = Math.min(told.get(last?.epoch ?? '') ?? 0, (batch[0]?.sequence ?? 1) - 1);
    const body = { records: [...batch], after, signature, ...(incarnation === undefined ? {} : { incarnation }) };
    const reply = await deps.call('terminals/report', { body }, { lane: 'background', limit });
    if (!reply.ok) {
      const { code } = reply.failure;
      if (code === 'SERVER_RESTORED') deps.onRestored();
      if (!failures[code].retry) deps.log.error('upload-refused', { code, count: batch.length });
      return false;
    }
    const { epoch, sequence } = reply.value;
    if (epoch !== batch[0]?.epoch) return false;
    const stored = new Set(batch.filter((record) => record.sequence <= sequence));
    if (stored.size === 0) return false;
    told = new Map([...told, [epoch, sequence]]);
    waiting = waiting.filter((record) => !stored.has(record));
    // Earlier ones may have been put before these meanwhile.
    const next = waiting.find((record) => record.epoch === epoch && record.sequence <= sequence);
    const upTo = next === undefined ? sequence : next.sequence - 1;
    const { uploaded } = deps.position.get();
    if (upTo > 0) deps.position.change({ uploaded: { ...uploaded, [epoch]: upTo } });
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

  /** In their order, each once. */
  async function sendAgain(lacking: ReadonlyMap<string, Place & { readonly until: number }>): Promise<void> {
    const again = (await deps.reread()).filter(({ epoch, sequence }) => {
      const place = lacking.get(epoch);
      return place !== undefined && sequence > place.sequence && sequence <= place.until;
    });
    waiting = [...again, ...waiting];
    begin();
  }

  return {
    add(records) {
      const { uploaded } = deps.position.get();
      for (const record of records) if (record.sequence > (uploaded[record.epoch] ?? 0)) waiting.push(record);
      begin();
    },
    follow(journals) {
      const { uploaded } = deps.position.get();
      const has = new Map(journals.map(({ epoch, sequence }) => [epoch, sequence]));
      told = has;
      const lacking = new Map<string, Place & { readonly until: number }>();
      for (const [epoch, until] of Object.entries(uploaded)) {
        const sequence = has.get(epoch) ?? (journals.length < mostTold ? 0 : until);
        if (sequence < until) lacking.set(epoch, { epoch, sequence, until });
      }
      if (lacking.size === 0) return;
      deps.log.error('journal-rewound', { journals: lacking.size });
      const kept = Object.entries(uploaded).map(([epoch, at]) => [epoch, lacking.get(epoch)?.sequence ?? at] as const);
      deps.position.change({ uploaded: Object.fromEntries(kept.filter(([, at]) => at > 0)) });
      void sendAgain(lacking).catch((error: unknown) => deps.log.error('journal-unread', { code: codeOf(error) }));
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
