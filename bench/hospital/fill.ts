import { createHash, hash } from 'node:crypto';
import type { Logger } from 'pino';
import type { EventFacts } from '#contract/audit.ts';
import { firstPrevious, sealRecord } from '#core/audit/chain.ts';
import { sumAll } from '#server/event-sums.ts';
import type { HeldKeys } from '#server/held-keys.ts';
import type { SeenKeeper } from '#server/log-tree/seen.ts';
import { createSequencer } from '#server/log-tree/sequencer.ts';
import type { Database } from '#server/store/database.ts';
import { type JournalRow, recordJournal } from '#server/store/events.ts';
import { findEnd } from '#server/store/log-tree.ts';
import { monthFrom } from '#server/store/months.ts';
import { drawActs } from './acts.ts';
import { createDraw, type Draw } from './draw.ts';
import { drawPlaces, type Place } from './places.ts';
import { drawStaff } from './staff.ts';
import { type Line, type Stay, tellStory } from './story.ts';
import {
  type Hospital,
  type SignIn,
  writeActs,
  writeBackups,
  writePeople,
  writeStays,
  writeTerminals,
} from './tables.ts';

export interface Size {
  readonly people: number;
  readonly cards: number;
  readonly terminals: number;
  readonly events: number;
  readonly days: number;
}

export interface FillDeps {
  readonly database: Database;
  readonly keys: Pick<HeldKeys, 'secrets' | 'rings'>;
  readonly seen: SeenKeeper;
  readonly log: Logger;
  readonly seed: number;
  /** The end of the story. */
  readonly until: Date;
  readonly size: Size;
  /** Of all that is to be done, from 0 to 1. */
  readonly progress: (what: string, share: number) => void;
}

export interface Filled {
  readonly events: number;
  readonly signIns: Readonly<Record<string, SignIn>>;
  readonly pin: string;
}

/** There is somebody already. */
export class NotEmpty extends Error {}

const day = 86_400_000;
const hour = 3_600_000;
/** The same for everybody. */
const pin = '83106274';

/** Rows of one COPY. */
const portion = 20_000;
/** Lines that are signed for at once: a hospital signs every second, and nobody asks for a checkpoint of each. */
const placedAtOnce = 20_000;

interface Journal {
  readonly epoch: string;
  sequence: number;
  hash: string;
  beganAt: Date;
}

/** Makes rows of lines; those of terminals are links of their journals, hashed as a guard hashes them. */
const createRows = (draw: Draw) => {
  const journals = new Map<Place, Journal>();
  const sha256 = (text: string): string => hash('sha256', text, 'hex');

  const journalOf = (place: Place, at: Date): Journal => {
    const there = journals.get(place);
    if (there !== undefined) return there;
    const fresh = { epoch: draw.uuid(at.getTime()), sequence: 0, hash: firstPrevious, beganAt: at };
    journals.set(place, fresh);
    return fresh;
  };
  const toRow = (line: Line): JournalRow => {
    const at = new Date(Math.floor(line.at));
    const happenedAt = line.lag === undefined ? null : new Date(Math.floor(line.at - line.lag));
    const { kind, outcome, factors = [], detail = {} } = line;
    const event = {
      id: draw.uuid(at.getTime()),
      at,
      happened_at: happenedAt,
      kind,
      outcome,
      person: line.person ?? null,
      actor: line.actor ?? null,
      terminal: line.place?.id ?? null,
      card: line.card ?? null,
      attempt: line.attempt ?? null,
      session: line.session ?? null,
      ceremony: null,
      factors,
      reason: line.reason ?? null,
      support_code: line.supportCode ?? null,
      detail,
    };
    if (line.place === undefined || happenedAt === null) return { event, place: null };
    const journal = journalOf(line.place, at);
    const facts = {
      kind,
      outcome,
      ...(line.person == null ? {} : { person: line.person }),
      ...(line.attempt === undefined ? {} : { attempt: line.attempt }),
      ...(line.session === undefined ? {} : { session: line.session }),
      factors,
      ...(line.reason === undefined ? {} : { reason: line.reason }),
      detail,
    } as unknown as EventFacts;
    journal.sequence += 1;
    const { epoch, sequence } = journal;
    const sealed = sealRecord({ epoch, sequence, previous: journal.hash, at: happenedAt.toISOString(), facts }, sha256);
    journal.hash = sealed.hash;
    return { event, place: { epoch, sequence, previous: sealed.previous, hash: sealed.hash } };
  };
  return { toRow, journals };
};

const drawHospital = ({ seed, until, size }: FillDeps): Hospital & { readonly from: number } => {
  const now = until.getTime();
  const from = Math.floor((now - size.days * day) / hour) * hour;
  const { staff, stock } = drawStaff(createDraw(seed, 'staff'), now, size);
  const places = drawPlaces(createDraw(seed, 'places'), now, size.terminals);
  const acts = drawActs({ draw: createDraw(seed, 'acts'), staff, places, from, until: now });
  return { draw: createDraw(seed, 'rows'), now, staff, stock, places, acts, from };
};

/**
 * Fills an empty database with a hospital that has been at it for a while. People, cards, terminals and events follow from
 * the seed; hashes of secrets and what is sealed do not.
 */
export async function fillHospital(deps: FillDeps): Promise<Filled> {
  const { database, keys, progress, seed, size, until } = deps;
  const { background } = database;
  const somebody = await background.query('select 1 from person limit 1');
  if (somebody.length > 0)
    throw new NotEmpty('there are people in this database already: a hospital is made in an empty one');
  const hospital = drawHospital(deps);
  progress('people and terminals', 0);
  for (let at = new Date(hospital.from); at <= until; at = monthFrom(at, 1))
    await background.query('select open_event_month($1)', [at]);
  const signIns = await background.transaction(async (tx) => {
    const admitted = await writePeople(tx, hospital, keys.secrets, pin);
    await writeTerminals(tx, hospital);
    await writeActs(tx, hospital);
    return admitted;
  });

  const sequencer = createSequencer({
    ...deps,
    background,
    rings: keys.rings,
    now: () => new Date(),
    portion: placedAtOnce,
  });
  const { toRow, journals } = createRows(createDraw(seed, 'events'));
  const stays: Stay[] = [];
  const story = tellStory({
    draw: createDraw(seed, 'story'),
    staff: hospital.staff,
    places: hospital.places,
    from: hospital.from,
    until: hospital.now,
    lines: size.events,
    others: hospital.acts.lines,
    stayed: (stay) => {
      if (stay.endedAt === null || stay.startedAt > hospital.now - day) stays.push(stay);
    },
  });
  let events = 0;
  let placing: Promise<void> | undefined;
  let trouble: unknown;
  const write = async (rows: readonly JournalRow[]): Promise<void> => {
    await background.transaction((tx) => recordJournal(tx, rows));
    events += rows.length;
    if (trouble !== undefined) throw trouble;
    // Beside what is written: another connection, another core.
    placing ??= sequencer.run().then(
      () => {
        placing = undefined;
      },
      (problem: unknown) => {
        trouble = problem;
      },
    );
    progress('events', (events / size.events) * 0.75);
  };
  let waiting: JournalRow[] = [];
  for (const lines of story) {
    for (const line of lines) waiting.push(toRow(line));
    if (waiting.length < portion) continue;
    await write(waiting);
    waiting = [];
  }
  if (waiting.length > 0) await write(waiting);
  await background.transaction(async (tx) => {
    await writeStays(tx, createDraw(seed, 'stays'), stays);
    await writeBackups(tx, until);
    await tx.query(
      `insert into journal_head (terminal, epoch, sequence, hash, began_at)
       select * from jsonb_to_recordset($1::jsonb) as r(terminal uuid, epoch uuid, sequence bigint, hash text, began_at timestamptz)`,
      [
        JSON.stringify(
          [...journals].map(([{ id }, { beganAt, ...journal }]) => ({ terminal: id, ...journal, began_at: beganAt })),
        ),
      ],
    );
  });
  await placing;
  if (trouble !== undefined) throw trouble;
  const watch = setInterval(async () => {
    const { size: placed } = await background.transaction(findEnd);
    progress('places in the log', 0.75 + (placed / events) * 0.2);
  }, 500);
  await sequencer.run().finally(() => clearInterval(watch));
  deps.seen.close();
  progress('sums for charts and reports', 0.96);
  await sumAll({ background }, undefined, 200_000);
  progress('statistics', 0.98);
  await background.query('analyze');
  progress('done', 1);
  return { events, signIns, pin };
}

/** One text for all that follows from the seed, to see that it does. */
export const fingerprintOf = (deps: Pick<FillDeps, 'seed' | 'until' | 'size'>): string => {
  const { staff, places, acts, from, now } = drawHospital(deps as FillDeps);
  const digest = createHash('sha256').update(JSON.stringify([staff, places]));
  const given = { draw: createDraw(deps.seed, 'story'), staff, places, from, until: now, lines: deps.size.events };
  for (const lines of tellStory({ ...given, others: acts.lines, stayed: () => undefined }))
    for (const { place, ...line } of lines) digest.update(JSON.stringify([line, place?.id]));
  return digest.digest('hex');
};
