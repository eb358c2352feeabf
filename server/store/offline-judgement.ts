import type { Assurance } from '#contract/card.ts';
import type { CardId, PersonId, SessionId, TerminalId } from '#contract/ids.ts';
import type { Policy } from '#contract/policy.ts';
import { longestOffline } from '#core/policy/offline.ts';
import type { Transaction } from './database.ts';
import type { EventToRecord } from './event-rows.ts';
import { isMark } from './event-stretches.ts';
import { recordAll } from './events.ts';
import { type OfflineEnd, type OfflineUse, timeOf } from './offline.ts';
import type { CardUse } from './substitutes.ts';

/** A login is written by the server's clock a moment before the terminal notes it. */
const loginSlack = 120_000;
/** A terminal that hears of a revocation locks within a second; clocks of servers differ a little (milliseconds). */
const lockSlack = 10_000;

/** Revocations that concern a person or the terminal they are at, other than the end of one session. */
const revocationsOf = (person: string, terminal: string): string =>
  `revocation r where r.what <> 'session' and (r.person = ${person} or r.subject in (${person}, ${terminal}))`;

interface Judged {
  /** The person has ever had a session at this terminal. */
  readonly here: boolean;
  readonly revoked: boolean;
  readonly allowed: boolean;
  /** The login with the server that let the terminal do so; null where there was none. */
  readonly login: { readonly card: CardId | null; readonly assurance: Assurance } | null;
}

/** Why the server would not have let this happen; null where it would. */
const whyContested = (
  use: OfflineUse,
  judged: Judged | undefined,
  { assurance, hours }: Policy['offline'],
): string | null => {
  if (judged?.here !== true) return use.unproven === true ? 'login-lost' : 'never-here';
  const { login } = judged;
  if (login === null) return 'no-such-login';
  if (judged.revoked) return 'revoked-before';
  if (!judged.allowed) return 'role';
  if (!assurance.includes(login.assurance)) return 'assurance';
  const age = use.openedAt.getTime() - use.loginAt.getTime();
  return age > Math.min(hours * 3_600_000, longestOffline) || age < 0 ? 'too-old' : null;
};

/** Such a session, where it was opened. */
export type UseThere = OfflineUse & { readonly terminal: TerminalId };

/** What the server knows of each of them, in their order; undefined where it does not know the person. */
const lookAtUses = async (
  tx: Transaction,
  uses: readonly UseThere[],
  roles: Policy['offline']['roles'],
): Promise<readonly (Judged | undefined)[]> => {
  if (uses.length === 0) return [];
  const rows = await tx.query<Judged & { readonly place: number }>(
    `select u.place,
            exists (select 1 from session s where s.terminal = u.terminal and s.person = u.person) as here,
            exists (select 1 from ${revocationsOf('u.person', 'u.terminal')} and r.at > u.login_at and r.at <= u.opened_at) as revoked,
            p.roles && $7::text[] as allowed,
            (select json_build_object('card', s.card, 'assurance', a.assurance)
               from session s join attempt a on a.id = s.attempt
              where s.terminal = u.terminal and s.person = u.person
                and s.started_at between u.login_at - $6 * interval '1 millisecond'
                                     and u.login_at + $6 * interval '1 millisecond'
              order by abs(extract(epoch from s.started_at - u.login_at)) limit 1) as login
       from unnest($1::int[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::timestamptz[])
              as u (place, person, terminal, login_at, opened_at)
       join person p on p.id = u.person`,
    [
      uses.map((_, place) => place),
      uses.map(({ person }) => person),
      uses.map(({ terminal }) => terminal),
      uses.map(({ loginAt }) => loginAt),
      uses.map(({ openedAt }) => openedAt),
      loginSlack,
      roles,
    ],
    'offline-uses',
  );
  const judged = new Map(rows.map((row) => [row.place, row]));
  return uses.map((_, place) => judged.get(place));
};

/**
 * Asks afterwards what the terminals could not ask: whether a login without the server followed one with it, in time and by a
 * card that policy lets in so, and whether what let it in had been taken away before. Each that should not have been is an
 * alarm; the others are answered.
 */
export const judgeOfflineUses = async (
  tx: Transaction,
  now: Date,
  uses: readonly UseThere[],
  policy: Policy,
): Promise<readonly (CardUse & UseThere)[]> => {
  const found = await lookAtUses(tx, uses, policy.offline.roles);
  const used: (CardUse & UseThere)[] = [];
  const alarms: EventToRecord[] = [];
  for (const [place, use] of uses.entries()) {
    const { loginAt, openedAt, person, session, terminal } = use;
    const judged = found[place];
    const reason = whyContested(use, judged, policy.offline);
    if (reason === null) {
      const card = judged?.login?.card ?? null;
      if (card !== null) used.push({ ...use, card });
      continue;
    }
    const isNamed = reason !== 'never-here';
    alarms.push({
      kind: 'offline.contested',
      outcome: 'major',
      terminal,
      person: isNamed ? person : null,
      session: isNamed ? session : null,
      reason,
      detail: { loginAt: loginAt.toISOString(), openedAt: openedAt.toISOString() },
    });
  }
  await recordAll(tx, now, alarms);
  return used;
};

interface Opened {
  readonly session: SessionId;
  readonly person: PersonId;
  /** By the terminal's own clock, and by the server's as the terminal knew it, where it says so. */
  readonly byTerminal: Date;
  readonly at: unknown;
}

/** The times are read here: what a terminal wrote there need not be one. */
const findOpened = (tx: Transaction, terminal: TerminalId, ends: readonly OfflineEnd[]): Promise<Opened[]> =>
  tx.query<Opened>(
    `select o.id as session, o.person, e.happened_at as "byTerminal", e.detail -> 'at' as at
       from offline_session o cross join lateral (
         select happened_at, detail from event
          where at = o.stored_at and kind = 'offline.opened' and ${isMark} and terminal = o.terminal and person = o.person and session = o.id
          order by seq limit 1) e
      where o.terminal = $1 and o.id = any($2)`,
    [terminal, ends.map(({ session }) => session)],
    'offline-opened',
  );

/** Work without the server from its opening to its end, both by the server's clock as the terminal knew it. */
interface Work extends OfflineEnd {
  readonly openedAt: Date;
}

/** The first revocation of each of these people while they worked; undefined where there was none. Whose PIN was replaced may go on. */
const findRevoked = async (
  tx: Transaction,
  terminal: TerminalId,
  works: readonly Work[],
): Promise<readonly (Date | undefined)[]> => {
  if (works.length === 0) return [];
  const rows = await tx.query<{ place: number; at: Date }>(
    `select w.place, min(r.at) as at
       from unnest($1::int[], $2::uuid[], $3::timestamptz[], $4::timestamptz[]) as w (place, person, opened_at, locked_at),
            ${revocationsOf('w.person', '$5::uuid')} and (r.what <> 'credential' or r.person = w.person)
             and r.at > w.opened_at and r.at <= w.locked_at
      group by w.place`,
    [
      works.map((_, place) => place),
      works.map(({ person }) => person),
      works.map(({ openedAt }) => openedAt),
      works.map(({ lockedAt }) => new Date(lockedAt.getTime() - lockSlack)),
      terminal,
    ],
    'revoked-meanwhile',
  );
  const first = new Map(rows.map(({ at, place }) => [place, at]));
  return works.map((_, place) => first.get(place));
};

/**
 * Whoever worked on without the server after they had been revoked, because their terminal had not heard of it, is an alarm:
 * once for each session, when the terminal tells that it is over. Times of the terminal's clock are held against the server's
 * time that it knew when it opened. What is asked for the ends of a report are two statements: the openings, each at the moment
 * of the log in which it was stored, and the revocations.
 */
export const judgeOfflineEnds = async (
  tx: Transaction,
  now: Date,
  terminal: TerminalId,
  ends: readonly OfflineEnd[],
): Promise<void> => {
  if (ends.length === 0) return;
  const openings = new Map((await findOpened(tx, terminal, ends)).map((one) => [one.session, one]));
  const works = ends.flatMap((end): Work[] => {
    const opened = openings.get(end.session);
    if (opened?.person !== end.person) return [];
    const openedAt = opened.at === null ? opened.byTerminal : timeOf(opened.at);
    const lockedAt = new Date(openedAt.getTime() + end.lockedAt.getTime() - opened.byTerminal.getTime());
    // Locked within the slack, or before it opened by a clock that was set meanwhile: there was no time to be revoked in.
    return lockedAt.getTime() - lockSlack > openedAt.getTime() ? [{ ...end, openedAt, lockedAt }] : [];
  });
  const revoked = await findRevoked(tx, terminal, works);
  await recordAll(
    tx,
    now,
    works.flatMap(({ lockedAt, openedAt, person, reason, session }, place): EventToRecord[] => {
      const revokedAt = revoked[place];
      if (revokedAt === undefined) return [];
      const detail = {
        openedAt: openedAt.toISOString(),
        revokedAt: revokedAt.toISOString(),
        lockedAt: lockedAt.toISOString(),
        locked: reason,
      };
      const what = { kind: 'offline.contested', outcome: 'major', reason: 'revoked-meanwhile' } as const;
      return [{ ...what, terminal, person, session, detail }];
    }),
  );
};
