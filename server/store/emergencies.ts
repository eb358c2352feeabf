import type { EmergencyReason } from '#contract/cardless.ts';
import type { PersonId, SessionId, TerminalId } from '#contract/ids.ts';
import type { EmergencyTicket } from '../logins/emergency-ticket.ts';
import type { Transaction } from './database.ts';
import { createUuid } from './uuid.ts';

/** As it is printed on the slip: number of the batch and place in it. */
export const serialOf = (batch: number, place: number): string => `${batch}-${String(place).padStart(2, '0')}`;

export interface FoundCode {
  readonly id: string;
  readonly serial: string;
  readonly state: 'unused' | 'used' | 'voided';
  /** Whether the terminal is of the group that the code was made for. */
  readonly isHere: boolean;
}

export const tryFindCode = async (
  tx: Transaction,
  terminal: TerminalId,
  indexes: readonly Buffer[],
): Promise<FoundCode | undefined> => {
  const [row] = await tx.query<Omit<FoundCode, 'serial'> & { number: number; place: number }>(
    `select c.id, b.number, c.place,
            case when c.used_at is not null then 'used' when c.voided_at is not null then 'voided' else 'unused' end as state,
            b.group_name = coalesce((select group_name from terminal where id = $1), '') as "isHere"
       from emergency_code c join emergency_batch b on b.id = c.batch where c.code_index = any($2::bytea[])`,
    [terminal, indexes],
  );
  return row && { id: row.id, state: row.state, isHere: row.isHere, serial: serialOf(row.number, row.place) };
};

/** Dead from now on. False when it was used or made void before: however many come at once, one gets through. */
export const tryUseCode = async (tx: Transaction, now: Date, code: string, by: PersonId): Promise<boolean> => {
  const rows = await tx.query(
    `update emergency_code set used_at = $2, used_by = $3
      where id = $1 and used_at is null and voided_at is null returning id`,
    [code, now, by],
  );
  return rows.length === 1;
};

/** The one active clinician whose staff number has these digits, as a keypad gives them. */
export const tryFindByDigits = async (tx: Transaction, digits: string): Promise<PersonId | undefined> => {
  const rows = await tx.query<{ id: PersonId }>(
    `select id from person
      where regexp_replace(number, '[^0-9]', '', 'g') = $1 and left_at is null and state = 'active'
        and 'clinician' = any(roles) limit 2`,
    [digits],
  );
  return rows.length === 1 ? rows[0]?.id : undefined;
};

export interface EmergencySession {
  readonly session: SessionId;
  readonly person: PersonId;
  readonly reason: EmergencyReason;
  readonly endsAt: Date;
  readonly tokenHash: Buffer;
  /** By which the request is known when it comes again. */
  readonly mark: Buffer | null;
}

/** The attempt, the session and what waits to be signed off. False when this emergency has opened something before. */
export const tryInsertEmergency = async (
  tx: Transaction,
  now: Date,
  { attempt, terminal, lock, supportCode, startedAt, expiresAt, address, means }: EmergencyTicket,
  { session, person, reason, endsAt, tokenHash, mark }: EmergencySession,
): Promise<boolean> => {
  const by = means.kind === 'code' ? 'emergency-code' : 'witness';
  const fresh = await tx.query(
    `insert into attempt (id, terminal, lock_id, person, support_code, state, factors, started_at, expires_at, ended_at, address,
                          proof_mark)
     values ($1, $2, $3, $4, $5, 'accepted', array[$6::text], $7, $8, $9, $10, $11) on conflict (id) do nothing returning id`,
    [attempt, terminal, lock, person, supportCode, by, new Date(startedAt), new Date(expiresAt), now, address, mark],
  );
  if (fresh.length === 0) return false;
  await tx.query(
    `insert into session (id, attempt, terminal, person, started_at, ends_at, active_at, token_hash, opened_by, fewer_rights)
     values ($1, $2, $3, $4, $5, $6, $5, $7, $8, true)`,
    [session, attempt, terminal, person, now, endsAt, tokenHash, means.kind === 'code' ? 'emergency' : 'witness'],
  );
  const code = means.kind === 'code' ? means.code : null;
  const witness = means.kind === 'witness' ? means.witness : null;
  await tx.query(
    `insert into emergency_use (id, means, code, witness, person, terminal, session, reason, at, support_code)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [createUuid(now), means.kind, code, witness, person, terminal, session, reason, now, supportCode],
  );
  return true;
};
