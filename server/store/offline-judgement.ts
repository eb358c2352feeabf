import type { Assurance } from '#contract/card.ts';
import type { CardId, PersonId, TerminalId } from '#contract/ids.ts';
import type { Policy } from '#contract/policy.ts';
import { longestOffline } from '#core/policy/offline.ts';
import type { Transaction } from './database.ts';
import { record } from './events.ts';
import type { OfflineEnd, OfflineUse } from './offline.ts';

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

interface Worked {
  readonly openedAt: Date;
  readonly lockedAt: Date;
  readonly revokedAt: Date;
}

/**
 * Whoever worked on without the server after they had been revoked, because their terminal had not heard of it, is an alarm:
 * once for each session, when the terminal tells that it is over. Times of the terminal's clock are held against the server's
 * time that it knew when it opened.
 */
export const judgeOfflineEnds = async (
  tx: Transaction,
  now: Date,
  terminal: TerminalId,
  ends: readonly OfflineEnd[],
): Promise<void> => {
  for (const { lockedAt, person, reason, session } of ends) {
    const [worked] = await tx.query<Worked>(
      `with opened as (
         select coalesce((e.detail ->> 'at')::timestamptz, e.happened_at) as at, e.happened_at as by_terminal
           from offline_session o join event e on e.person = o.person and e.kind = 'offline.opened' and e.session = o.id
          where o.id = $2 and o.person = $1 and o.terminal = $3 order by e.seq limit 1),
       worked as (select at as opened, at + ($4::timestamptz - by_terminal) as locked from opened)
       select w.opened as "openedAt", w.locked as "lockedAt",
              (select min(r.at) from ${revocationsOf} and r.at > w.opened and r.at <= w.locked - $5 * interval '1 millisecond')
                as "revokedAt"
         from worked w`,
      [person, session, terminal, lockedAt, lockSlack],
    );
    if (worked?.revokedAt == null) continue;
    await record(tx, now, {
      kind: 'offline.contested',
      outcome: 'major',
      terminal,
      person,
      session,
      reason: 'revoked-meanwhile',
      detail: {
        openedAt: worked.openedAt.toISOString(),
        revokedAt: worked.revokedAt.toISOString(),
        lockedAt: worked.lockedAt.toISOString(),
        locked: reason,
      },
    });
  }
};
