import { Agent, request } from 'undici';
import type { TerminalId } from '#contract/ids.ts';
import type { Database } from '#server/store/database.ts';
import { asEventRow } from '#server/store/event-rows.ts';
import { recordJournal } from '#server/store/events.ts';
import { findEnd } from '#server/store/log-tree.ts';
import { openTestDatabase } from '#server/testing-cluster.ts';
import { type Figure, figure, figureAtLeast, percentile } from './figure.ts';
import { admitFleet, type FleetTerminal } from './fleet.ts';
import { addSessions, type Journal, repeated, reportSize, type Session, writeJournal } from './ingest-journals.ts';
import type { ServerAlone } from './server-alone.ts';
import { createTapper } from './tapper.ts';

const terminals = 100;
const sessionsEach = 20;
/** Reports of each terminal before the clock is started. */
const early = 2;
/** Records of one statement of the floor, and statements at a time. */
const portion = 4000;
const atOnce = 2;

/** What is left of a journal once it is sent: its records would be looked at again and again by whoever collects garbage. */
interface ToSend extends Pick<Journal, 'terminal' | 'bodies'> {
  readonly count: number;
}

/** A terminal that is connected: it sends one report after the other. */
interface Sender {
  readonly journal: ToSend;
  readonly agent: Agent;
}

const connect = ({ authority }: ServerAlone, journal: ToSend): Sender => {
  const { certificate, key } = journal.terminal;
  const agent = new Agent({ connect: { ca: authority.certificate, key, cert: certificate }, connections: 1 });
  return { journal, agent };
};

const sendAll = ({ port }: ServerAlone, senders: readonly Sender[], from: number, to?: number): Promise<unknown> =>
  Promise.all(
    senders.map(async ({ agent, journal: { bodies } }) => {
      for (const body of bodies.slice(from, to)) {
        const answer = await request(`https://localhost:${port}/v1/terminals/report`, {
          dispatcher: agent,
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
        });
        const text = await answer.body.text();
        if (answer.statusCode !== 200) throw new Error(`a report was refused: ${text}`);
      }
    }),
  );

/** Throws unless each record is there once, in its place and unmarked, and nothing else is. */
async function checkStored(database: Database, journals: readonly ToSend[]): Promise<void> {
  const rows = await database.background.query<{ terminal: string; lines: number; places: number; last: number }>(
    `select terminal, count(*) as lines, count(distinct (epoch, sequence)) as places, max(sequence) as last from event
      where epoch is not null and detail->>'chain' is null and terminal = any($1) group by terminal`,
    [journals.map(({ terminal }) => terminal.id)],
  );
  const stored = new Map(rows.map((row) => [row.terminal, row]));
  for (const { terminal, count } of journals) {
    const { lines, places, last } = stored.get(terminal.id) ?? { lines: 0, places: 0, last: 0 };
    if (lines !== count || places !== count || last !== count)
      throw new Error(`of ${count} records ${lines} lines in ${places} places are stored, up to ${last}`);
  }
}

/** The same rows into the same table by COPY and nothing else, in a PostgreSQL of its own: rows a second. */
async function measureCopy(journals: readonly Journal[]): Promise<number> {
  const { close, database } = await openTestDatabase({ ownCluster: true });
  try {
    const at = new Date();
    const rows = journals.flatMap(({ terminal, records }) =>
      records.map(({ epoch, sequence, previous, hash, facts }) => ({
        event: asEventRow(null, at, facts, terminal.id as TerminalId, at),
        place: { epoch, sequence, previous, hash },
      })),
    );
    const portions = Array.from({ length: Math.ceil(rows.length / portion) }, (_, place) =>
      rows.slice(place * portion, (place + 1) * portion),
    );
    const since = performance.now();
    const write = async (): Promise<void> => {
      for (let some = portions.pop(); some !== undefined; some = portions.pop()) {
        const next = some;
        await database.background.transaction((tx) => recordJournal(tx, next));
      }
    };
    await Promise.all(Array.from({ length: atOnce }, write));
    return (1000 * rows.length) / (performance.now() - since);
  } finally {
    await close();
  }
}

/** Seconds until every line that is written has its place in the log and is signed for. */
async function waitForPlaces({ background }: Database): Promise<number> {
  const since = performance.now();
  const [last] = await background.query<{ seq: number }>('select max(seq) as seq from event');
  while ((await background.transaction(findEnd)).lastSeq < (last?.seq ?? 0))
    await new Promise((resolve) => setTimeout(resolve, 100));
  return (performance.now() - since) / 1000;
}

async function writeAll(
  fleet: readonly FleetTerminal[],
  sessions: ReadonlyMap<FleetTerminal, readonly Session[]>,
  reportsEach: number,
): Promise<{ floor: number; journals: readonly ToSend[] }> {
  const written = fleet.map((terminal) => writeJournal(terminal, sessions.get(terminal) ?? [], reportsEach));
  const floor = await measureCopy(written.slice(0, written.length / 2));
  return {
    floor,
    journals: written.map(({ terminal, bodies, records }) => ({ terminal, bodies, count: records.length })),
  };
}

/** Terminals that are connected, what they have to tell, and how fast PostgreSQL alone takes the same rows. */
interface Night {
  readonly journals: readonly ToSend[];
  readonly senders: readonly Sender[];
  readonly floor: number;
}

/** A night without the server is over: everything is written, and the first reports of each terminal are sent. */
async function openNight(alone: ServerAlone, reportsEach: number): Promise<Night> {
  const { background } = alone.database;
  const fleet = await admitFleet(alone, terminals);
  const sessions = await addSessions(background, fleet, sessionsEach);
  await background.query('analyze');
  const { floor, journals } = await writeAll(fleet, sessions, reportsEach);
  await waitForPlaces(alone.database);
  const senders = journals.map((journal) => connect(alone, journal));
  // A server that has just started compiles its code first, and 100 terminals that have just come shake hands.
  await sendAll(alone, senders, 0, early);
  await waitForPlaces(alone.database);
  return { journals, senders, floor };
}

const closeAll = (senders: readonly Sender[]): Promise<unknown> =>
  Promise.all(senders.map(({ agent }) => agent.close()));

/** What terminals send after a night without the server: records that are stored a second, each once. */
export async function measureIngest(alone: ServerAlone, reportsEach: number): Promise<Figure> {
  const { background } = alone.database;
  const { floor, journals, senders } = await openNight(alone, reportsEach);
  try {
    const before = (await background.transaction(findEnd)).size;
    const since = performance.now();
    await sendAll(alone, senders, early);
    const took = (performance.now() - since) / 1000;
    const meanwhile = (await background.transaction(findEnd)).size - before;
    await checkStored(alone.database, journals);
    const later = await waitForPlaces(alone.database);
    const added = terminals * (reportsEach - early) * (reportSize - repeated);
    return figureAtLeast({
      name: 'ingest',
      value: added / took,
      unit: '/s',
      floor,
      goal: 50_000,
      how: `records stored a second, each once: ${added} of ${terminals} terminals, in reports of ${reportSize} of which ${repeated} had come before, chain and hash of each and a signature of each report checked, on the disk when answered, after the first ${early} reports of each terminal; ${meanwhile} had their place in the tree by then, all ${later.toFixed(0)} s later; floor: COPY of the same rows into the same table and nothing else`,
    });
  } finally {
    await closeAll(senders);
  }
}

/** How long a tap takes while terminals send all that. */
export async function measureTapsUnderReports(alone: ServerAlone, reportsEach: number): Promise<Figure> {
  const { journals, senders } = await openNight(alone, reportsEach);
  const tapper = await createTapper(alone);
  try {
    for (let tap = 0; tap < 50; tap += 1) await tapper.tap();
    const idle = await tapper.measure(100);
    const tapping = tapper.start();
    const since = performance.now();
    await sendAll(alone, senders, early);
    const took = (performance.now() - since) / 1000;
    const taps = await tapping.stop();
    await checkStored(alone.database, journals);
    const rate = (terminals * (reportsEach - early) * (reportSize - repeated)) / took;
    return figure({
      name: 'tap-under-reports',
      value: percentile(taps, 0.99),
      unit: 'ms',
      floor: percentile(idle, 0.99),
      goal: 100,
      how: `p99 of ${taps.length} taps (median ${percentile(taps, 0.5).toFixed(1)}) while ${terminals} terminals send what a night has left, ${rate.toFixed(0)} records a second, from the same two cores; floor: the same while nothing is sent`,
    });
  } finally {
    await tapper.stop();
    await closeAll(senders);
  }
}
