import type { AttemptId } from '#contract/ids.ts';
import { beganWith, begunEvent } from '../logins/events.ts';
import type { Ticket } from '../logins/ticket.ts';
import type { Transaction } from './database.ts';
import { eventColumns, eventRecord } from './event-rows.ts';
import { attemptColumns, named, nonceOf } from './proofs.ts';

/** Of these attempts those whose card had signed what another attempt used before. */
export const listReplayed = async (tx: Transaction, tickets: readonly Ticket[]): Promise<Ticket[]> => {
  const proven = tickets.filter(({ proof }) => proof !== null);
  if (proven.length === 0) return [];
  const rows = await tx.query<{ attempt: AttemptId }>(
    `select g.attempt from unnest($1::uuid[], $2::text[]) as g(attempt, nonce)
       join used_nonce u on u.nonce = decode(g.nonce, 'hex') where u.used_by <> g.attempt`,
    [proven.map(({ attempt }) => attempt), proven.map((ticket) => nonceOf(ticket).nonce)],
    'replayed',
  );
  return proven.filter(({ attempt }) => rows.some((row) => row.attempt === attempt));
};

/** Writes attempts that are not written yet, each with its event, and that what their cards signed is used. */
export const writeBegun = async (tx: Transaction, tickets: readonly Ticket[]): Promise<void> => {
  if (tickets.length === 0) return;
  const given = tickets.map((ticket) => ({
    attempt: ticket.attempt,
    terminal: ticket.terminal,
    lock: ticket.lock,
    card: ticket.card,
    person: ticket.person,
    support_code: ticket.supportCode,
    began_with: beganWith(ticket),
    assurance: ticket.assurance,
    address: ticket.address,
    started_at: new Date(ticket.startedAt),
    expires_at: new Date(ticket.expiresAt),
    ...nonceOf(ticket),
  }));
  await tx.query(
    `with given as (
       select * from json_to_recordset($1::json) as g(attempt uuid, terminal uuid, lock uuid, card uuid, person uuid,
         support_code text, began_with text, started_at timestamptz, expires_at timestamptz, assurance text, address text, nonce text,
         nonce_until timestamptz)
     ), used as (
       insert into used_nonce (nonce, used_by, expires_at)
       select decode(nonce, 'hex'), attempt, nonce_until from given where nonce is not null order by nonce
       on conflict do nothing returning 1
     ), fresh as (
       insert into attempt (${attemptColumns})
       select attempt, terminal, lock, card, person, support_code, 'open', array[began_with], started_at, expires_at, null, assurance,
              address
         from given
        -- In the order of a conclusion, so that the two never wait for each other.
        where (select count(*) from used) >= 0
        order by attempt
       on conflict (id) do nothing returning id)
     insert into event (${eventColumns})
     select ${named('e')}
       from json_to_recordset($2::json) as e(${eventRecord}) join fresh on fresh.id = e.attempt order by e.id`,
    [JSON.stringify(given), JSON.stringify(tickets.map(begunEvent))],
    'write-begun',
  );
};
