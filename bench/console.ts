import { join } from 'node:path';
import { pino } from 'pino';
import { type BrowserContext, chromium, type Page } from 'playwright';
import type { Call } from '#contract/api/index.ts';
import { type ConsoleClient, createClient, totp } from '#e2e/client.ts';
import { keyHash } from '#e2e/console/console-world.ts';
import { freePort } from '#e2e/world.ts';
import { openServerKeys } from '#server/held-keys.ts';
import { createSeenFile } from '#server/log-tree/seen.ts';
import type { Database } from '#server/store/database.ts';
import { openTestDatabase } from '#server/testing-cluster.ts';
import { type ServerHouse, startServer } from '#setup/house.ts';
import { createStops } from '#setup/stops.ts';
import { type Figure, figure, percentile } from './figure.ts';
import { type Filled, fillHospital, type Size } from './hospital/fill.ts';
import { createBar } from './hospital/progress-bar.ts';
import type { SignIn } from './hospital/tables.ts';

const size: Size = { people: 3000, cards: 5000, terminals: 1200, events: 2_000_000, days: 90 };
/** The goal of a search, and of any page (milliseconds). */
const searchGoal = 300;
const pageGoal = 1000;

interface Ground {
  readonly database: Database;
  readonly house: ServerHouse;
  readonly filled: Filled;
  readonly folder: string;
}

const clientOf = async ({ house }: Ground, { number, password, seed }: SignIn): Promise<ConsoleClient> => {
  const client = createClient(house.origin, house.authority);
  await client.do('console/sign-in', { body: { number, password, code: totp(seed) } });
  return client;
};

const time = async (work: () => Promise<unknown>): Promise<number> => {
  const since = performance.now();
  await work();
  return performance.now() - since;
};

type Query = Call<'events/list'>['query'];
const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(Math.random() * values.length)] as Value;

/** Questions as auditors and helpdesk ask them, each of something else. */
const createAsks = async (database: Database): Promise<readonly (readonly [name: string, ask: () => Query])[]> => {
  const some = async <Row>(text: string): Promise<Row[]> => database.background.query<Row>(text);
  const people = (await some<{ id: string }>('select id from person order by random() limit 300')).map(({ id }) => id);
  // They are asked about most who were there most: who sits in the console has by far the most lines.
  const busy = (
    await some<{ id: string }>(
      'select actor as id from event where actor is not null group by 1 order by count(*) desc limit 10',
    )
  ).map(({ id }) => id);
  const terminals = (await some<{ id: string }>('select id from terminal order by random() limit 300')).map(
    ({ id }) => id,
  );
  const codes = (
    await some<{ code: string }>(
      'select support_code as code from event tablesample system (0.1) where support_code is not null limit 300',
    )
  ).map(({ code }) => code);
  const old = (await some<{ id: string }>('select id from event tablesample system (0.1) limit 300')).map(
    ({ id }) => id,
  );
  const days = (
    await some<{ day: string }>(
      `select distinct to_char(at at time zone 'Asia/Tokyo', 'YYYY-MM-DD') as day from event tablesample system (0.1) order by 1`,
    )
  ).map(({ day }) => day);
  /** So many days of the log. */
  const span = (count: number): { from: string; to: string } => {
    const first = Math.floor(Math.random() * Math.max(1, days.length - count));
    return { from: days[first] ?? '', to: days[Math.min(days.length - 1, first + count - 1)] ?? '' };
  };
  const query = (given: object): Query => ({ limit: 50, ...given }) as unknown as Query;
  const kinds = [
    'proof.refused',
    'attempt.refused',
    'session.began',
    'card.misread',
    'revocation.issued',
    'emergency.opened',
  ];
  return [
    ['newest', () => query({})],
    ['person', () => query({ person: pick(people) })],
    ['busy person', () => query({ person: pick(busy) })],
    ['terminal', () => query({ terminal: pick(terminals) })],
    ['kind', () => query({ kind: pick(kinds) })],
    ['code', () => query({ supportCode: pick(codes) })],
    ['person and kind', () => query({ person: pick(people), kind: pick(kinds) })],
    ['busy person and kind', () => query({ person: pick(busy), kind: pick(kinds) })],
    ['terminal and kind', () => query({ terminal: pick(terminals), kind: pick(kinds) })],
    ['person and terminal', () => query({ person: pick(people), terminal: pick(terminals) })],
    ['all together', () => query({ person: pick(people), terminal: pick(terminals), kind: pick(kinds) })],
    ['deep', () => query({ before: pick(old) })],
    ['deep, kind', () => query({ before: pick(old), kind: pick(kinds) })],
    ['deep, person', () => query({ before: pick(old), person: pick(people) })],
    ['deep, terminal and kind', () => query({ before: pick(old), terminal: pick(terminals), kind: pick(kinds) })],
    ['a day', () => query(span(1))],
    ['a day, person', () => query({ ...span(1), person: pick(people) })],
    ['a day, busy person and kind', () => query({ ...span(1), person: pick(busy), kind: pick(kinds) })],
    ['a day, terminal and kind', () => query({ ...span(1), terminal: pick(terminals), kind: pick(kinds) })],
    ['a week, kind', () => query({ ...span(7), kind: pick(kinds) })],
    ['a week, person', () => query({ ...span(7), person: pick(people) })],
    ['a month', () => query(span(30))],
    ['a month, terminal', () => query({ ...span(30), terminal: pick(terminals) })],
    ['a month, kind', () => query({ ...span(30), kind: pick(kinds) })],
    ['today', () => query({ period: 'today' })],
    ['last 7 days, kind', () => query({ period: 'week', kind: pick(kinds) })],
  ];
};

async function measureSearch(ground: Ground, client: ConsoleClient): Promise<Figure> {
  const all: number[] = [];
  const each: string[] = [];
  for (const [name, ask] of await createAsks(ground.database)) {
    const times: number[] = [];
    for (let round = 0; round < 45; round += 1) {
      const query = ask();
      const took = await time(() => client.do('events/list', { query }));
      if (round >= 5) times.push(took);
    }
    all.push(...times);
    each.push(`${name} ${percentile(times, 0.95).toFixed(0)}`);
  }
  return figure({
    name: 'log-search',
    value: percentile(all, 0.95),
    unit: 'ms',
    floor: null,
    goal: searchGoal,
    how: `p95 of ${all.length} pages of 50 of ${ground.filled.events} events, from request to answer over TLS (p95 of each: ${each.join(', ')})`,
  });
}

/** A page is usable when its heading is there and nothing of it is still awaited. */
const openPage = async (page: Page, address: string): Promise<number> => {
  await page.goto('about:blank');
  return time(async () => {
    await page.goto(address);
    await page.locator('main h1').waitFor();
    await page.waitForFunction(() => document.querySelector('.skeleton') === null);
  });
};

const signInAt = async (page: Page, origin: string, { number, password, seed }: SignIn): Promise<void> => {
  await page.goto(`${origin}/console/`);
  await page.getByLabel('Staff number').fill(number);
  await page.getByLabel('Password').fill(password);
  await page.getByLabel('One-time code').fill(totp(seed));
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('navigation', { name: 'Main menu' }).waitFor();
};

async function measurePages({ database, house: { origin } }: Ground, page: Page): Promise<Figure[]> {
  const [person] = await database.background.query<{ id: string }>(
    'select person as id from event where person is not null group by 1 order by count(*) desc limit 1',
  );
  const [card] = await database.background.query<{ id: string }>('select id from person order by random() limit 1');
  const places = [
    'overview',
    'speeds',
    'people',
    'card-queue',
    `people/${person?.id}`,
    `people/${card?.id}`,
    'cards',
    'loan-cards',
    'terminals',
  ].concat(
    [
      'revocations',
      'approvals',
      'emergency-codes',
      'reviews',
      'periodic-reviews',
      'directory',
      'card-authorities',
      'log',
      'report',
      'proof',
      'keys',
      'backups',
    ],
    [`log?person=${person?.id}`, 'log?kind=emergency.opened'],
  );
  const of = new Map<string, number[]>();
  for (let round = 0; round < 11; round += 1)
    for (const place of places) {
      const took = await openPage(page, `${origin}/console/#/${place}`);
      if (round > 0) of.set(place, [...(of.get(place) ?? []), took]);
    }
  const overview: number[] = [];
  for (let round = 0; round < 20; round += 1) {
    // Past what the server keeps of it: it is worked out anew.
    await page.waitForTimeout(2100);
    overview.push(await openPage(page, `${origin}/console/#/overview`));
  }
  const worst = [...of]
    .map(([place, times]) => [place, percentile(times, 0.95)] as const)
    .sort((one, other) => other[1] - one[1]);
  const shortened = (place: string): string => place.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, '…');
  return [
    figure({
      name: 'console-page',
      value: worst[0]?.[1] ?? Number.NaN,
      unit: 'ms',
      floor: null,
      goal: pageGoal,
      how: `p95 of the slowest page: from the address to a page that can be used, in Chromium, each of ${places.length} pages 10 times (slowest: ${worst
        .slice(0, 5)
        .map(([place, took]) => `${shortened(place)} ${took.toFixed(0)}`)
        .join(', ')})`,
    }),
    figure({
      name: 'dashboard',
      value: percentile(overview, 0.95),
      unit: 'ms',
      floor: percentile(overview, 0.5),
      goal: pageGoal,
      how: `p95 of ${overview.length} loads of the overview, worked out anew each time; floor: the median`,
    }),
  ];
}

/** The console of a hospital of 1,000 beds: how soon its pages can be used and its log is searched. */
export async function measureConsole(): Promise<Figure[]> {
  const stops = createStops();
  try {
    const { close, connectionString, database, folder } = await openTestDatabase({ ownCluster: true });
    stops.add(close);
    const own = join(folder, 'server');
    const keys = await openServerKeys(database, own, new Date());
    const bar = createBar(process.stderr);
    const log = pino({ level: 'silent' });
    const given = { database, keys, seen: createSeenFile(own), log, seed: 1, until: new Date(), size };
    const filled = await fillHospital({ ...given, progress: bar.show });
    bar.end(`${filled.events} events`);
    const house = await startServer({ folder: own, port: await freePort(), env: { DATABASE_URL: connectionString } });
    stops.add(house.stop);
    const ground: Ground = { database, house, filled, folder };
    const { auditor, admin } = filled.signIns;
    if (auditor === undefined || admin === undefined) throw new Error('nobody may sign in');
    const client = await clientOf(ground, auditor);
    stops.add(client.close);
    const search = await measureSearch(ground, client);
    const browser: BrowserContext = await chromium.launchPersistentContext(join(folder, 'browser'), {
      executablePath: '/usr/bin/chromium',
      args: [
        `--ignore-certificate-errors-spki-list=${await keyHash(house.origin, house.authority)}`,
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ],
      viewport: { width: 1280, height: 720 },
      locale: 'en-GB',
      timezoneId: 'Asia/Tokyo',
    });
    stops.add(() => browser.close());
    const page = browser.pages()[0] ?? (await browser.newPage());
    await signInAt(page, house.origin, admin);
    return [search, ...(await measurePages(ground, page))];
  } finally {
    await stops.stop();
  }
}
