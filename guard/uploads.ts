import type { JournalRecord } from '#contract/audit.ts';
import { failures } from '#contract/errors.ts';
import { createBackOff, pause } from './back-off.ts';
import type { Http } from './http.ts';
import { type Reread, type Span, showSpans } from './journal-folder.ts';
import { codeOf, type Log } from './log.ts';
import type { Position } from './position.ts';

export interface UploadsDeps {
  readonly call: Http['call'];
  readonly position: Position;
  /** What is still on the disk. */
  readonly reread: () => Promise<Reread>;
  /** Numbers of one journal that the server has lost and the disk does not give; the rest goes on without them. */
  readonly onMissing: (missing: Missing) => void;
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

export interface Missing {
  /** As people read them. */
  readonly numbers: string;
  /** They may stand in what could not be read. */
  readonly isUnreadable: boolean;
}

/** How far a journal is stored. */
export interface Place {
  readonly epoch: string;
  readonly sequence: number;
}

/** Of an epoch what comes behind `sequence`, up to `until`. */
interface Lack {
  readonly sequence: number;
  readonly until: number;
}

/** Brings the journal to the server, oldest first and at least once; the server stores each record once. */
export interface Uploads {
  add(records: readonly JournalRecord[]): void;
  /** Such as may lie before numbers that the server has confirmed: they go whatever it has, which stores each once. */
  addLate(records: readonly JournalRecord[]): void;
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
/** A part of the disk that cannot be read is tried for so often, some ten seconds long, before all else goes on without it. */
const readings = 6;
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
  /** Counts how often: what was answered to a report of before says nothing of the server as it is now. */
  let hearings = 0;
  /** What the server has no more, and is yet to be read from the disk. */
  let lacking: ReadonlyMap<string, Lack> = new Map();
  /** How often that was read and not all of it was there. */
  let misread = 0;

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

  /**
   * Reads what is lacking, so that it goes before all else: behind a gap the server would have what is newer, and nobody would
   * ask for the rest again. False where it cannot be read now. What is gone for good holds up nothing: its numbers are told.
   */
  async function refill(): Promise<boolean> {
    while (lacking.size > 0) {
      const wanted = lacking;
      try {
        const { isWhole, records } = await deps.reread();
        // The server has said something else meanwhile.
        if (wanted !== lacking) continue;
        const again = records.filter(({ epoch, sequence }) => {
          const lack = wanted.get(epoch);
          return lack !== undefined && sequence > lack.sequence && sequence <= lack.until;
        });
        const missing = [...wanted].flatMap(([epoch, lack]) => {
          const gone = findGone(
            lack,
            again.filter((record) => record.epoch === epoch),
          );
          return gone.length === 0 ? [] : [showSpans(gone)];
        });
        misread += 1;
        if (!isWhole && missing.length > 0 && misread < readings) {
          deps.log.error('journal-unread', { missing: missing.join('; ') });
          return false;
        }
        waiting = [...again, ...waiting];
        lacking = new Map();
        misread = 0;
        for (const numbers of missing) deps.onMissing({ numbers, isUnreadable: !isWhole });
      } catch (error) {
        deps.log.error('journal-unread', { code: codeOf(error) });
        return false;
      }
    }
    return true;
  }

  async function send(batch: readonly JournalRecord[], limit: number): Promise<boolean> {
    const incarnation = deps.incarnation();
    const heard = hearings;
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
    if (heard !== hearings) return true;
    const stored = new Set(batch.filter((record) => record.sequence <= sequence));
    if (stored.size === 0) return false;
    told = new Map([...told, [epoch, Math.max(sequence, told.get(epoch) ?? 0)]]);
    waiting = waiting.filter((record) => !stored.has(record));
    // Earlier ones may have been put before these meanwhile.
    const next = waiting.find((record) => record.epoch === epoch && record.sequence <= sequence);
    const upTo = next === undefined ? sequence : next.sequence - 1;
    const { uploaded } = deps.position.get();
    // What came late lies below it.
    if (upTo > (uploaded[epoch] ?? 0)) deps.position.change({ uploaded: { ...uploaded, [epoch]: upTo } });
    return true;
  }

  async function run(): Promise<void> {
    await pause(deps.gather ?? 300, stopped.signal);
    while (online && hasMore() && !stopped.signal.aborted) {
      if ((await refill()) && (waiting.length === 0 || (await send(nextBatch(), 10_000)))) backOff.reset();
      else await pause(backOff.next(), AbortSignal.any([stopped.signal, woken.signal]));
    }
    running = undefined;
  }

  const hasMore = (): boolean => waiting.length > 0 || lacking.size > 0;

  function begin(): void {
    if (online && hasMore() && !stopped.signal.aborted) running ??= run();
  }

  return {
    add(records) {
      const { uploaded } = deps.position.get();
      for (const record of records) if (record.sequence > (uploaded[record.epoch] ?? 0)) waiting.push(record);
      begin();
    },
    addLate(records) {
      const there = new Set(waiting.map(({ hash }) => hash));
      waiting = [...records.filter(({ hash }) => !there.has(hash)), ...waiting];
      begin();
    },
    follow(journals) {
      const { uploaded } = deps.position.get();
      const has = new Map(journals.map(({ epoch, sequence }) => [epoch, sequence]));
      const own = Object.keys(uploaded);
      // Of those that began before all it tells of it has what it confirmed; one that began later and is not told of is gone.
      const oldest = journals.length < mostTold ? -1 : own.findIndex((epoch) => has.has(epoch));
      told = has;
      hearings += 1;
      const found = new Map<string, Lack>();
      for (const [place, epoch] of own.entries()) {
        const until = uploaded[epoch] ?? 0;
        const sequence = has.get(epoch) ?? (place < oldest ? until : 0);
        if (sequence < until) found.set(epoch, { sequence, until: Math.max(until, lacking.get(epoch)?.until ?? 0) });
      }
      if (found.size === 0) return;
      deps.log.error('journal-rewound', { journals: found.size });
      const kept = Object.entries(uploaded).map(([epoch, at]) => [epoch, found.get(epoch)?.sequence ?? at] as const);
      deps.position.change({ uploaded: Object.fromEntries(kept.filter(([, at]) => at > 0)) });
      lacking = new Map([...lacking, ...found]);
      misread = 0;
      // What failed while no server was there makes nothing wait now that one is.
      backOff.reset();
      begin();
    },
    resume() {
      online = true;
      woken.abort();
      woken = new AbortController();
      begin();
    },
    async flush(limit) {
      if (online && lacking.size === 0 && waiting.length > 0) await send(nextBatch(), limit);
    },
    async stop() {
      stopped.abort();
      await running;
    },
  };
}

/** What is lacking and not among these, which are in their order. */
function findGone({ sequence, until }: Lack, records: readonly JournalRecord[]): Span[] {
  const gone: Span[] = [];
  let next = sequence + 1;
  for (const record of records) {
    if (record.sequence > next) gone.push([next, record.sequence - 1]);
    next = record.sequence + 1;
  }
  if (next <= until) gone.push([next, until]);
  return gone;
}
