/**
 * The terminal's own log: append-only JSON Lines in segments, each record chained to its predecessor by its hash and
 * vouched for by the terminal's key. An append resolves when the record is on the disk; appends that come together share
 * one flush. A segment has its room on the disk before its first record. After a failed write it is cut back to its last
 * flush, after a failed flush it is not touched again: both times the same records go to a new segment, and only where
 * that fails too nothing is acknowledged until there is a new one.
 */
import { eventFacts, type JournalRecord, type TerminalEvent } from '#contract/audit.ts';
import { fail, type Result, succeed } from '#contract/errors.ts';
import { firstPrevious, sealRecord } from '#core/audit/chain.ts';
import { createDisk, type Disk, openOnDisk, type Segment } from './journal-disk.ts';
import { writeWhole } from './journal-file.ts';
import { type RecoveryDeps, type Repaired, recover } from './journal-recovery.ts';
import { hashText, writeLine } from './journal-segment.ts';
import { forgetUntold } from './journal-untold.ts';
import { codeOf, type Log } from './log.ts';

/** `reserve`: the disk is full and policy lets the terminal go on in the room that was kept. */
export type JournalState = 'sound' | 'reserve' | 'full' | 'failed';

/** What failed of a segment; `code` is the system's, such as `EIO`. */
export interface JournalFault {
  readonly step: 'write' | 'flush';
  readonly code: string;
}

export interface JournalDeps extends RecoveryDeps {
  readonly now: () => Date;
  readonly log: Log;
  /** Called after a flush with the records that it made durable, in order. */
  readonly onDurable: (records: readonly JournalRecord[]) => void;
  /** Called when it changes. */
  readonly onState: (state: JournalState) => void;
  /** Called when a write or a flush failed and what was in it is safe in another segment: a disk that does so may soon fail whole. */
  readonly onAbsorbed: (fault: JournalFault) => void;
  readonly segmentBytes?: number;
  /** Milliseconds after which a new segment is tried for. */
  readonly retryEvery?: number;
}

export interface Journal {
  /** Resolves when the record is durable; INTERNAL when it is not and never will be. */
  append(facts: TerminalEvent): Promise<Result<JournalRecord, 'INTERNAL'>>;
  /** Whether it could be read. Where it could not it fails, and is tried again until it can. */
  readonly isRead: boolean;
  /** The sound records that were there at the start and matter still, oldest first; none before it could be read. */
  readonly found: readonly JournalRecord[];
  /** What was wrong at the start, for the event that says so; `null` when nothing was. */
  readonly repaired: Repaired | null;
  /** The same of earlier starts that ended before their events were written. */
  readonly untold: readonly Repaired[];
  /** The events of all of that are written. */
  noteTold(): Promise<void>;
  /** Whether the reserve may be used when the disk is full. */
  allowReserve(allowed: boolean): void;
  close(): Promise<void>;
}

interface Waiting {
  readonly facts: JournalRecord['facts'];
  readonly at: string;
  readonly resolve: (result: Result<JournalRecord, 'INTERNAL'>) => void;
}

const usualBytes = 1024 * 1024;
const noRoom: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

const retryEvery = 2_000;

/** Opens or begins the journal of a folder. Where that cannot be done it is a failed one until it can. */
export async function openJournal(deps: JournalDeps): Promise<Journal> {
  try {
    return startWriting(deps, await recover(deps));
  } catch (error) {
    deps.log.error('journal-failed', { code: codeOf(error) });
    setImmediate(() => deps.onState('failed'));
    return openLater(deps);
  }
}

function openLater(deps: JournalDeps): Journal {
  let opened: Journal | undefined;
  let reserveAllowed = false;
  let closed = false;
  let opening: Promise<void> | undefined;
  let timer = setTimeout(tryOpen, deps.retryEvery ?? retryEvery);

  function tryOpen(): void {
    opening = recover(deps).then(
      (recovered) => {
        opened = startWriting(deps, recovered);
        opened.allowReserve(reserveAllowed);
        if (!closed) deps.onState('sound');
      },
      (error: unknown) => {
        deps.log.error('journal-failed', { code: codeOf(error) });
        if (!closed) timer = setTimeout(tryOpen, deps.retryEvery ?? retryEvery);
      },
    );
  }

  return {
    get isRead() {
      return opened !== undefined;
    },
    get found() {
      return opened?.found ?? [];
    },
    get repaired() {
      return opened?.repaired ?? null;
    },
    get untold() {
      return opened?.untold ?? [];
    },
    noteTold: async () => opened?.noteTold(),
    append: async (facts) => opened?.append(facts) ?? fail('INTERNAL'),
    allowReserve(allowed) {
      reserveAllowed = allowed;
      opened?.allowReserve(allowed);
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await opening;
      await opened?.close();
    },
  };
}

function startWriting(deps: JournalDeps, recovered: Recovered): Journal {
  const { found, head, epoch, nextOrdinal, repaired, untold } = recovered;
  const segmentBytes = deps.segmentBytes ?? usualBytes;
  const disk: Disk = createDisk({
    folder: deps.folder,
    next: nextOrdinal,
    segmentBytes,
    openFile: deps.openFile ?? openOnDisk,
    log: deps.log,
  });
  let { sequence, hash: previous } = head ?? { sequence: 0, hash: firstPrevious };
  let segment: Segment | undefined;
  let state: JournalState = 'sound';
  let reserveAllowed = false;
  let closed = false;
  let waiting: Waiting[] = [];
  let work: Promise<void> | undefined;
  let preparing: Promise<void> | undefined;
  let retrying: NodeJS.Timeout | undefined;

  function become(next: JournalState): void {
    if (next === state) return;
    state = next;
    deps.log.warn('journal-state', { state });
    deps.onState(state);
  }

  /** Ends a segment that is sound so far: what is left of its room goes back. */
  async function leave(left: Segment): Promise<void> {
    await left.file.truncate(left.end).catch(() => undefined);
    await left.file.close().catch(() => undefined);
  }

  async function openSegment(): Promise<Segment> {
    try {
      segment = await disk.take();
      become('sound');
      prepare();
    } catch (error) {
      segment = reserveAllowed && noRoom.has(codeOf(error)) ? await disk.tryTakeReserve() : undefined;
      if (segment === undefined) throw error;
      become('reserve');
      tryLater();
    }
    return segment;
  }

  /**
   * As many of those who wait as fit into what is left of the segment, sealed; none where not even one does. One that is
   * larger than a segment has one of its own.
   */
  function seal({ end }: Segment): {
    readonly batch: Waiting[];
    readonly records: JournalRecord[];
    readonly text: string;
  } {
    const records: JournalRecord[] = [];
    let text = '';
    let bytes = 0;
    let [number, hash] = [sequence, previous];
    for (const { facts, at } of waiting) {
      const record = sealRecord({ epoch, sequence: number + 1, previous: hash, at, facts }, hashText);
      const line = writeLine(record, deps.key);
      bytes += Buffer.byteLength(line);
      if (end + bytes > segmentBytes && (end > 0 || records.length > 0)) break;
      text += line;
      records.push(record);
      [number, hash] = [record.sequence, record.hash];
    }
    return { batch: waiting.slice(0, records.length), records, text };
  }

  async function flush({ file, end }: Segment, bytes: Buffer): Promise<JournalFault | null> {
    try {
      await writeWhole(file, bytes, end);
    } catch (error) {
      return { step: 'write', code: codeOf(error) };
    }
    try {
      await file.datasync();
      return null;
    } catch (error) {
      // What the file holds is not known any more, and a second flush could say that all is well.
      return { step: 'flush', code: codeOf(error) };
    }
  }

  async function writeSome(): Promise<void> {
    let failed: JournalFault | null = null;
    while (waiting.length > 0) {
      const into = segment ?? (await openSegment());
      const { batch, records, text } = seal(into);
      if (batch.length === 0) {
        segment = undefined;
        await leave(into);
        continue;
      }
      const bytes = Buffer.from(text);
      const fault = await flush(into, bytes);
      if (fault !== null) {
        deps.log.error('journal-fault', { ...fault });
        segment = undefined;
        if (fault.step === 'write') await leave(into);
        else await into.file.close().catch(() => undefined);
        if (failed !== null) throw Object.assign(new Error('two segments failed'), { code: 'EIO' });
        failed = fault;
        continue;
      }
      into.end += bytes.length;
      const last = records.at(-1);
      if (last !== undefined) ({ sequence, hash: previous } = last);
      waiting = waiting.slice(batch.length);
      batch.forEach(({ resolve }, place) => {
        const record = records[place];
        if (record !== undefined) resolve(succeed(record));
      });
      deps.onDurable(records);
      if (failed !== null) deps.onAbsorbed(failed);
      failed = null;
    }
  }

  /** Makes the next segment beforehand, so that no login waits for it, and the reserve. */
  function prepare(): void {
    preparing ??= disk.prepare().then(() => {
      preparing = undefined;
    });
  }

  function giveUp(error: unknown): void {
    for (const each of waiting) each.resolve(fail('INTERNAL'));
    waiting = [];
    deps.log.error('journal-failed', { code: codeOf(error) });
    become(noRoom.has(codeOf(error)) ? 'full' : 'failed');
    tryLater();
  }

  function tryLater(): void {
    if (!closed) retrying ??= setTimeout(retry, deps.retryEvery ?? retryEvery);
  }

  /** A new segment that could be written and flushed shows that the disk is there again. */
  function retry(): void {
    clearTimeout(retrying);
    retrying = undefined;
    if (closed || state === 'sound') return;
    // What is just being written may end without a segment.
    if (work !== undefined) return tryLater();
    work = recoverRoom().catch(giveUp).finally(goOn);
  }

  async function recoverRoom(): Promise<void> {
    if (state !== 'reserve') await openSegment();
    else if (await disk.prepare()) become('sound');
    else tryLater();
  }

  function begin(): void {
    work ??= writeSome().catch(giveUp).finally(goOn);
  }

  function goOn(): void {
    work = undefined;
    if (waiting.length > 0) begin();
  }

  prepare();
  return {
    isRead: true,
    found,
    repaired,
    untold,
    noteTold: () => forgetUntold(deps.folder),
    allowReserve(allowed) {
      reserveAllowed = allowed;
      if (allowed && state === 'full') retry();
    },
    append(input) {
      if (closed || state === 'full' || state === 'failed') return Promise.resolve(fail('INTERNAL'));
      const facts = eventFacts.parse(input);
      const at = deps.now().toISOString();
      return new Promise((resolve) => {
        waiting.push({ facts, at, resolve });
        begin();
      });
    },
    async close() {
      closed = true;
      clearTimeout(retrying);
      // What came while one round of writing ended begins another.
      while (work !== undefined) await work;
      await preparing;
      if (segment !== undefined) await leave(segment);
      await disk.close();
    },
  };
}

type Recovered = Awaited<ReturnType<typeof recover>>;
