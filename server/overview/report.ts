import type { Input } from '#contract/api/index.ts';
import { failureKinds, type Report, type ReportTotal, type Sums } from '#contract/api/overview.ts';
import { roles } from '#contract/api/row.ts';
import type { Transaction } from '../store/database.ts';
import { type KindSum, type SummedKind, sumAllWays, sumByReason, summedKinds } from '../store/event-sums.ts';
import { readReadyTimes } from '../store/ready-sums.ts';
import { compareCauses } from './overview.ts';

type Period = Input<'reports/show'>['query'];

const day = 24 * 3_600_000;
const mostDays = 366;

const dayOf = (date: string): number => Date.parse(`${date}T00:00:00Z`);
export const addDays = (date: string, days: number): string =>
  new Date(dayOf(date) + days * day).toISOString().slice(0, 10);
const countDays = ({ from, to }: Period): number => (dayOf(to) - dayOf(from)) / day + 1;

/** Whether somebody may ask for it. */
export const isPeriod = (period: Period): boolean => {
  const days = countDays(period);
  return days >= 1 && days <= mostDays && period.from >= '2000-01-01' && period.to < '3000-01-01';
};

const none: Sums = { logins: 0, wrong: 0, refused: 0, abandoned: 0, misreads: 0 };
/** Where each kind counts. */
const columns: Partial<Record<SummedKind, keyof Sums>> = {
  'session.began': 'logins',
  'offline.opened': 'logins',
  'proof.refused': 'wrong',
  'code.refused': 'wrong',
  'attempt.refused': 'refused',
  'offline.refused': 'refused',
  'attempt.abandoned': 'abandoned',
  'card.misread': 'misreads',
};

const gather = <Row extends KindSum>(rows: readonly Row[], keyOf: (row: Row) => string): ReadonlyMap<string, Sums> => {
  const gathered = new Map<string, Sums>();
  for (const row of rows) {
    const column = columns[row.kind];
    if (column === undefined) continue;
    const before = gathered.get(keyOf(row)) ?? none;
    gathered.set(keyOf(row), { ...before, [column]: before[column] + row.lines });
  }
  return gathered;
};

const totalOf = (rows: readonly KindSum[]): ReportTotal => {
  const of = (...kinds: readonly SummedKind[]): number =>
    rows.reduce((sum, { kind, lines }) => sum + (kinds.includes(kind) ? lines : 0), 0);
  return {
    ...(gather(rows, () => '').get('') ?? none),
    offline: of('offline.opened'),
    locked: of('credential.locked'),
    emergencies: of('emergency.opened'),
    revocations: of('revocation.issued'),
    cardsEnrolled: of('card.enrolled'),
    substitutes: of('substitute.issued'),
    consoleSignIns: of('console.signed-in'),
    consoleRefusals: of('console.sign-in-refused'),
  };
};

/** The moments at which these days begin in a zone. */
const readBegins = async (tx: Transaction, days: readonly string[], timeZone: string): Promise<Date[]> => {
  const rows = await tx.query<{ at: Date }>(
    'select day::timestamp at time zone $2 as at from unnest($1::text[]) with ordinality as d(day, place) order by place',
    [days, timeZone],
    'day-begins',
  );
  return rows.map(({ at }) => at);
};

const readStates = async (tx: Transaction) => {
  const [row] = await tx.query<{
    people: Report['people'];
    cards: Report['cards'];
    terminals: Report['terminals'];
  }>(
    `select (select json_build_object('active', count(*) filter (where state = 'active'),
                                      'suspended', count(*) filter (where state = 'suspended')) from person) as people,
            (select json_build_object('active', count(*) filter (where state = 'active'),
                                      'suspended', count(*) filter (where state = 'suspended'),
                                      'disabled', count(*) filter (where state = 'disabled'),
                                      'revoked', count(*) filter (where state = 'revoked')) from card) as cards,
            (select json_build_object('active', count(*) filter (where state = 'active'),
                                      'revoked', count(*) filter (where state = 'revoked')) from terminal) as terminals`,
    [],
    'states',
  );
  if (row === undefined) throw new Error('counts are missing');
  return row;
};

const readReviews = async (tx: Transaction, from: Date, to: Date): Promise<Report['reviews']> => {
  const [row = { signedOff: 0, waiting: 0 }] = await tx.query<Report['reviews']>(
    `select count(*) filter (where reviewed_at is not null) as "signedOff",
            count(*) filter (where reviewed_at is null) as waiting from emergency_use where at >= $1 and at < $2`,
    [from, to],
    'reviews-of',
  );
  return row;
};

/** Days of a zone, with as many just before to hold them against. */
export const readReport = async (tx: Transaction, now: Date, period: Period, timeZone: string): Promise<Report> => {
  const days = countDays(period);
  const [before, from, to] = await readBegins(
    tx,
    [addDays(period.from, -days), period.from, addDays(period.to, 1)],
    timeZone,
  );
  if (before === undefined || from === undefined || to === undefined) throw new Error('a day has no beginning');
  const {
    days: ofDays,
    clock: ofClock,
    places,
    roles: ofRoles,
    reasons: all,
  } = await sumAllWays(tx, { from, to, kinds: summedKinds }, timeZone);
  const byDay = gather(ofDays, ({ day: of }) => of);
  const byPlace = gather(places, ({ place }) => place);
  const byRole = gather(ofRoles, ({ role }) => role);
  const clock = gather(ofClock, ({ clock: of }) => String(of));
  const allBefore = await sumByReason(tx, { from: before, to: from, kinds: summedKinds });
  const failed = ({ kind }: { readonly kind: SummedKind }): boolean =>
    (failureKinds as readonly string[]).includes(kind);
  return {
    at: now.toISOString(),
    timeZone,
    ...period,
    days: Array.from({ length: days }, (_, place) => {
      const of = addDays(period.from, place);
      return { day: of, ...(byDay.get(of) ?? none) };
    }),
    clock: Array.from({ length: 24 }, (_, place) => clock.get(String(place))?.logins ?? 0),
    causes: compareCauses(all.filter(failed), allBefore.filter(failed), 60),
    places: [...byPlace]
      .map(([place, of]) => ({ place, ...of }))
      .sort((one, other) => other.logins - one.logins || one.place.localeCompare(other.place)),
    roles: roles.flatMap((role) => {
      const of = byRole.get(role);
      return of === undefined ? [] : [{ role, ...of }];
    }),
    total: totalOf(all),
    totalBefore: totalOf(allBefore),
    ready: await readReadyTimes(tx, from, to),
    reviews: await readReviews(tx, from, to),
    ...(await readStates(tx)),
  };
};
