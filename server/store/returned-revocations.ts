import type { LostRevocations, RevocationOrder } from '#contract/api/terminals.ts';
import type { TerminalId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';

/** Numbers that the incarnations before this one may have given and whose revocations are not here. */
export const listLost = (tx: Transaction): Promise<LostRevocations[]> =>
  tx.query<LostRevocations>(
    `select (select coalesce(max(number), 0) from revocation where number <= revocations_from) as after,
            revocations_from as "upTo"
       from server_incarnation where revocations_from > 0 order by number desc limit 20`,
    [],
    'lost-revocations',
  );

/** Any constant: what terminals bring back is taken from one after the other. */
const returning = 5_411_015;

export const lockReturning = async (tx: Transaction): Promise<void> => {
  await tx.query('select pg_advisory_xact_lock($1)', [returning]);
};

/** Whether this one is here, or was brought back before. Whoever asks holds `lockReturning`. */
export const isKnownOrder = async (
  tx: Transaction,
  { number, subject, at }: Pick<RevocationOrder, 'number' | 'subject' | 'at'>,
): Promise<boolean> => {
  const rows = await tx.query(
    `select 1 from revocation where number = $1 and subject = $2 and at = $3
     union all select 1 from returned_revocation where number = $1 and subject = $2 and at = $3`,
    [number, subject, at],
  );
  return rows.length > 0;
};

/** Writes down that a terminal has brought it back; `issued` is the number under which it is in force again. */
export const noteReturned = async (
  tx: Transaction,
  now: Date,
  terminal: TerminalId,
  { number, what, subject, at }: RevocationOrder,
  issued: number | null,
): Promise<void> => {
  await tx.query(
    `insert into returned_revocation (number, what, subject, at, terminal, returned_at, issued)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [number, what, subject, at, terminal, now, issued],
  );
};
