import type { SignedIn } from '#contract/api/console.ts';
import type { PersonSummary } from '#contract/api/people.ts';
import type { Factor } from '#contract/audit.ts';
import type { SessionId, TerminalId } from '#contract/ids.ts';
import { consoleCookie, insertConsoleSession, overallMilliseconds } from '../store/console.ts';
import type { Transaction } from '../store/database.ts';
import { record } from '../store/events.ts';
import type { Reply } from './handlers.ts';

export interface Entering {
  readonly person: PersonSummary;
  readonly factors: Factor[];
  readonly at: { readonly terminal: TerminalId; readonly session: SessionId; readonly endsAt: Date } | null;
  readonly address: string;
}

/** A new session with a new token, whatever cookie was sent; its event. */
export const enter = async (tx: Transaction, now: Date, reply: Reply, entering: Entering): Promise<SignedIn> => {
  const { person, factors, at, address } = entering;
  const overall = now.getTime() + overallMilliseconds;
  const endsAt = new Date(at ? Math.min(overall, at.endsAt.getTime()) : overall);
  const terminal = at?.terminal ?? null;
  const { token, csrf } = await insertConsoleSession(tx, now, {
    person: person.id,
    terminal,
    session: at?.session ?? null,
    endsAt,
  });
  await record(tx, now, {
    kind: 'console.signed-in',
    outcome: 'success',
    person: person.id,
    terminal,
    session: at?.session ?? null,
    factors,
    detail: { address },
  });
  reply.setCookie(consoleCookie.name, token, consoleCookie.options);
  return { person, csrf, terminal, endsAt: endsAt.toISOString() };
};
