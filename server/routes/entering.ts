import type { SignedIn } from '#contract/api/console.ts';
import type { PersonSummary } from '#contract/api/people.ts';
import type { Factor } from '#contract/audit.ts';
import type { PasskeyId, SessionId, TerminalId } from '#contract/ids.ts';
import type { ServerDeps } from '../deps.ts';
import { consoleCookie, endConsoleSession, findConsoleSession, insertConsoleSession } from '../store/console.ts';
import type { Transaction } from '../store/database.ts';
import { record } from '../store/events.ts';
import type { Anyone, Reply } from './handlers.ts';

export interface Entering {
  readonly person: PersonSummary;
  readonly factors: Factor[];
  readonly at: { readonly terminal: TerminalId; readonly session: SessionId; readonly endsAt: Date } | null;
  /** Who asks: a session whose cookie came along ends, whoever it was. */
  readonly from: Pick<Anyone, 'address' | 'held'>;
  readonly passkey?: PasskeyId;
}

/** A new session with a new token in the place of the one that this browser held; their events. */
export const enter = async (
  deps: Pick<ServerDeps, 'policy'>,
  tx: Transaction,
  now: Date,
  reply: Reply,
  entering: Entering,
): Promise<SignedIn> => {
  const { person, factors, at, from, passkey } = entering;
  const rules = deps.policy().console;
  const before = from.held && (await findConsoleSession(tx, from.held, now, rules, false));
  if (before) {
    await endConsoleSession(tx, now, before.session);
    const facts = { kind: 'console.signed-out', outcome: 'success', reason: 'signed-in-anew' } as const;
    await record(tx, now, { ...facts, person: before.person, terminal: before.terminal });
  }
  const overall = now.getTime() + rules.minutes * 60_000;
  const endsAt = new Date(at ? Math.min(overall, at.endsAt.getTime()) : overall);
  const terminal = at?.terminal ?? null;
  const { token, csrf } = await insertConsoleSession(tx, now, {
    person: person.id,
    terminal,
    session: at?.session ?? null,
    endsAt,
    passkey: passkey ?? null,
  });
  await record(tx, now, {
    kind: 'console.signed-in',
    outcome: 'success',
    person: person.id,
    terminal,
    session: at?.session ?? null,
    factors,
    detail: { address: from.address },
  });
  reply.setCookie(consoleCookie.name, token, consoleCookie.options);
  return { person, csrf, terminal, endsAt: endsAt.toISOString(), timeZone: deps.policy().timeZone };
};
