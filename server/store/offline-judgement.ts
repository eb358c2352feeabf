import type { Assurance } from '#contract/card.ts';
import type { CardId, PersonId, SessionId, TerminalId } from '#contract/ids.ts';
import type { Policy } from '#contract/policy.ts';
import { longestOffline } from '#core/policy/offline.ts';
import type { Transaction } from './database.ts';
import { record } from './events.ts';
import { type OfflineEnd, type OfflineUse, timeOf } from './offline.ts';

/** A login is written by the server's clock a moment before the terminal notes it. */
const loginSlack = 120_000;
/** A terminal that hears of a revocation locks within a second; clocks of servers differ a little (milliseconds). */
const lockSlack = 10_000;

/** Revocations that concern the person $1, other than the end of one session. */
const revocationsOf = `revocation r where r.what <> 'session' and (r.person = $1 or r.subject = $1)`;

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

/** A person's own card that opened a terminal without the server, as it should. */
export interface OwnCardUse {
  readonly person: PersonId;
  readonly card: CardId;
  readonly openedAt: Date;
}

/**
 * Asks afterwards what the terminal could not ask: whether a login without the server followed one with it, in time and by a
 * card that policy lets in so, and whether what let it in had been taken away before. Each that should not have been is an
 * alarm; the others are answered.
 */
export const judgeOfflineUses = async (
  tx: Transaction,
  now: Date,
  terminal: TerminalId,
  uses: readonly OfflineUse[],
  policy: Policy,
): Promise<readonly OwnCardUse[]> => {
  const used: OwnCardUse[] = [];
  for (const use of uses) {
    const { loginAt, openedAt, person, session } = use;
    const [judged] = await tx.query<Judged>(
      `select exists (select 1 from session s where s.terminal = $2 and s.person = p.id) as here,
              exists (select 1 from ${revocationsOf} and r.at > $3 and r.at <= $4) as revoked,
              p.roles && $6::text[] as allowed,
              (select json_build_object('card', s.card, 'assurance', a.assurance)
                 from session s join attempt a on a.id = s.attempt
                where s.terminal = $2 and s.person = p.id
                  and s.started_at between $3::timestamptz - $5 * interval '1 millisecond'
                                       and $3::timestamptz + $5 * interval '1 millisecond'
                order by abs(extract(epoch from s.started_at - $3::timestamptz)) limit 1) as login
         from person p where p.id = $1`,
      [person, terminal, loginAt, openedAt, loginSlack, policy.offline.roles],
    );
    const reason = whyContested(use, judged, policy.offline);
    if (reason === null) {
      const card = judged?.login?.card ?? null;
      if (card !== null) used.push({ person, card, openedAt });
      continue;
    }
    const isNamed = reason !== 'never-here';
    await record(tx, now, {
      kind: 'offline.contested',
      outcome: 'major',
      terminal,
      person: isNamed ? person : null,
      session: isNamed ? session : null,
      reason,
      detail: { loginAt: loginAt.toISOString(), openedAt: openedAt.toISOString() },
    });
  }
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
          where at = o.stored_at and kind = 'offline.opened' and terminal = o.terminal and person = o.person and session = o.id
          order by seq limit 1) e
      where o.terminal = $1 and o.id = any($2)`,
    [terminal, ends.map(({ session }) => session)],
    'offline-opened',
  );

/** The first revocation of a person in that time; null where there was none. Whose PIN was replaced may go on. */
const tryFindRevoked = async (tx: Transaction, person: PersonId, from: Date, until: Date): Promise<Date | null> => {
  if (until <= from) return null;
  const [row] = await tx.query<{ at: Date | null }>(
    `select min(r.at) as at from ${revocationsOf} and (r.what <> 'credential' or r.person = $1)
        and r.at > $2 and r.at <= $3`,
    [person, from, until],
  );
  return row?.at ?? null;
};

/**
 * Whoever worked on without the server after they had been revoked, because their terminal had not heard of it, is an alarm:
 * once for each session, when the terminal tells that it is over. Times of the terminal's clock are held against the server's
 * time that it knew when it opened. All that is asked for the ends of a report, but for revocations, is one statement, which
 * looks at the moment of the log in which the opening was stored.
 */
export const judgeOfflineEnds = async (
  tx: Transaction,
  now: Date,
  terminal: TerminalId,
  ends: readonly OfflineEnd[],
): Promise<void> => {
  if (ends.length === 0) return;
  const openings = new Map((await findOpened(tx, terminal, ends)).map((one) => [one.session, one]));
  for (const { lockedAt: end, person, reason, session } of ends) {
    const opened = openings.get(session);
    if (opened?.person !== person) continue;
    const openedAt = opened.at === null ? opened.byTerminal : timeOf(opened.at);
    const lockedAt = new Date(openedAt.getTime() + end.getTime() - opened.byTerminal.getTime());
    const revokedAt = await tryFindRevoked(tx, person, openedAt, new Date(lockedAt.getTime() - lockSlack));
    if (revokedAt === null) continue;
    await record(tx, now, {
      kind: 'offline.contested',
      outcome: 'major',
      terminal,
      person,
      session,
      reason: 'revoked-meanwhile',
      detail: {
        openedAt: openedAt.toISOString(),
        revokedAt: revokedAt.toISOString(),
        lockedAt: lockedAt.toISOString(),
        locked: reason,
      },
    });
  }
};
