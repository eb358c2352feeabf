import { hash, randomUUID, sign } from 'node:crypto';
import type { JournalRecord } from '#contract/audit.ts';
import type { PersonId, SessionId } from '#contract/ids.ts';
import { firstPrevious, sealRecord } from '#core/audit/chain.ts';
import type { Lane } from '#server/store/database.ts';
import { createUuid } from '#server/store/uuid.ts';
import type { FleetTerminal } from './fleet.ts';

/** Records of one report, and how many of them the terminal had sent with the report before. */
export const reportSize = 500;
export const repeated = 100;

export interface Session {
  readonly id: SessionId;
  readonly person: PersonId;
}

/** What a terminal has to tell: all of its records, and the bodies of its reports in their order. */
export interface Journal {
  readonly terminal: FleetTerminal;
  readonly records: readonly JournalRecord[];
  readonly bodies: readonly Buffer[];
}

/** Sessions that these people had at each of these terminals, long over, so that journals may name them. */
export async function addSessions(
  lane: Lane,
  fleet: readonly FleetTerminal[],
  each: number,
): Promise<ReadonlyMap<FleetTerminal, readonly Session[]>> {
  const now = new Date();
  const person = createUuid(now) as PersonId;
  await lane.query(
    `insert into person (id, number, name, roles, created_at, changed_at) values ($1::uuid, $1::uuid::text, '山田 花子', '{clinician}', $2, $2)`,
    [person, now],
  );
  const sessions = fleet.map((terminal) => ({
    terminal,
    own: Array.from({ length: each }, (): Session => ({ id: createUuid(now) as SessionId, person })),
  }));
  const rows = sessions.flatMap(({ terminal, own }) => own.map(({ id }) => ({ terminal: terminal.id, id })));
  await lane.query(
    `with given as (select *, gen_random_uuid() as attempt from unnest($1::uuid[], $2::uuid[]) as given (terminal, id)),
          begun as (insert into attempt (id, terminal, lock_id, person, support_code, state, started_at, expires_at, ended_at)
                    select attempt, terminal, gen_random_uuid(), $3, 'AAA-AAA-AAA', 'accepted', $4, $4, $4 from given)
     insert into session (id, attempt, terminal, person, started_at, ends_at, ended_at, end_reason)
     select id, attempt, terminal, $3, $4, $4, $4, 'same-card' from given`,
    [rows.map(({ terminal }) => terminal), rows.map(({ id }) => id), person, now],
  );
  return new Map(sessions.map(({ terminal, own }) => [terminal, own]));
}

type Facts = JournalRecord['facts'];

const hashText = (text: string): string => hash('sha256', text, 'hex');

/** Two of five records are of somebody's session. */
const factsAt = (place: number, { id, person }: Session): Facts => {
  const plain: Pick<Facts, 'outcome' | 'factors' | 'detail'> = { outcome: 'success', factors: [], detail: {} };
  const own = { session: id, person };
  switch (place % 5) {
    case 0:
      return { ...plain, ...own, kind: 'screen.opened', factors: ['card', 'pin'] };
    case 1:
      return { ...plain, ...own, kind: 'screen.locked', reason: 'same-card' };
    case 2:
      return { ...plain, kind: 'link.lost', outcome: 'minor', reason: 'unreachable' };
    case 3:
      return { ...plain, kind: 'link.restored', detail: { seconds: place } };
    default:
      return { ...plain, kind: 'reader.lost', outcome: 'minor', detail: { reader: 'ACS ACR1252 Reader 00' } };
  }
};

/** So many reports, of which each but the first begins with records of the one before. */
export function writeJournal(terminal: FleetTerminal, sessions: readonly Session[], reports: number): Journal {
  const epoch = randomUUID();
  const at = new Date().toISOString();
  const records: JournalRecord[] = [];
  const step = reportSize - repeated;
  for (let place = 0; place < repeated + reports * step; place += 1) {
    const session = sessions[place % sessions.length];
    if (session === undefined) throw new Error('a journal needs sessions');
    const previous = records.at(-1)?.hash ?? firstPrevious;
    records.push(sealRecord({ epoch, sequence: place + 1, previous, at, facts: factsAt(place, session) }, hashText));
  }
  const bodies = Array.from({ length: reports }, (_, report) => {
    const some = records.slice(report * step, report * step + reportSize);
    const last = some.at(-1);
    const text = Buffer.from(`journal.${epoch}.${last?.sequence}.${last?.hash}`);
    const signature = sign('sha256', text, { key: terminal.key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
    return Buffer.from(JSON.stringify({ records: some, signature }));
  });
  return { terminal, records, bodies };
}
