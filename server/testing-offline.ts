import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { JournalRecord } from '#contract/audit.ts';
import type { PersonId } from '#contract/ids.ts';
import { firstPrevious, sealRecord } from '#core/audit/chain.ts';
import type { TestServer, TestTerminal } from './testing.ts';
import { type Clinician, logIn } from './testing-login.ts';

/** Milliseconds. */
export const hour = 3_600_000;
export const plain: Pick<JournalRecord['facts'], 'outcome' | 'factors' | 'detail'> = {
  outcome: 'success',
  factors: [],
  detail: {},
};

/** What a terminal's journal says after a time without the server. */
export const report = async (
  server: TestServer,
  at: TestTerminal,
  given: readonly JournalRecord['facts'][],
  happened = server.now(),
): Promise<void> => {
  const epoch = randomUUID();
  const records: JournalRecord[] = [];
  for (const facts of given) {
    const previous = records.at(-1)?.hash ?? firstPrevious;
    records.push(sealRecord({ epoch, sequence: records.length + 1, previous, at: happened.toISOString(), facts }));
  }
  for (const _ of [1, 2]) assert.equal((await server.call(at, 'terminals/report', { body: { records } })).status, 200);
};

export interface Told {
  readonly loginAt: Date;
  readonly openedAt: Date;
}
export const opened = (person: PersonId, session: string, { loginAt, openedAt }: Told): JournalRecord['facts'] => ({
  ...plain,
  kind: 'offline.opened',
  person,
  session: session as never,
  factors: ['card', 'pin'],
  detail: { loginAt: loginAt.toISOString(), at: openedAt.toISOString() },
});

/** Somebody logs in with the server; so many hours later, without it. */
export const workAlone = async (
  server: TestServer,
  at: TestTerminal,
  clinician: Clinician,
  hours: number,
  change: Partial<Told> = {},
) => {
  const loginAt = server.now();
  await logIn(server, at, clinician);
  server.advance(hours * hour);
  const session = randomUUID();
  const told: Told = { loginAt, openedAt: server.now(), ...change };
  return { session, facts: opened(clinician.person.id, session, told) };
};
export const wrongOf = ({ person }: Clinician, reason = 'wrong-secret'): JournalRecord['facts'] => ({
  ...plain,
  kind: 'offline.refused',
  outcome: 'minor',
  person: person.id,
  reason,
});
