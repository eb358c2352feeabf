import type { Review } from '#contract/api/emergencies.ts';
import type { PersonId, ReviewId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { serialOf } from './emergencies.ts';

/** An emergency use, held until the transaction ends. */
export const tryLockReview = async (tx: Transaction, id: ReviewId) => {
  const [row] = await tx.query<{ parties: (PersonId | null)[]; person: PersonId; isSigned: boolean }>(
    `select array[person, witness] as parties, person, reviewed_at is not null as "isSigned"
       from emergency_use where id = $1 for update`,
    [id],
  );
  return row;
};

export const signOff = async (
  tx: Transaction,
  now: Date,
  id: ReviewId,
  { by, verdict, findings }: { readonly by: PersonId; readonly verdict: string; readonly findings: string },
): Promise<void> => {
  await tx.query(
    'update emergency_use set reviewed_at = $2, reviewed_by = $3, verdict = $4, findings = $5 where id = $1',
    [id, now, by, verdict, findings],
  );
  await tx.notify('changed', { what: 'reviews' });
};

interface Row extends Pick<Review, 'id' | 'means' | 'person' | 'witness' | 'terminal' | 'session' | 'reason'> {
  readonly number: number | null;
  readonly place: number | null;
  readonly at: Date;
  readonly ended_at: Date | null;
  readonly support_code: string;
  readonly reviewed_at: Date | null;
  readonly by: string | null;
  readonly verdict: 'in-order' | 'misuse' | null;
  readonly findings: string;
}

const named = (column: string): string =>
  `(select json_build_object('id', p.id, 'name', p.name, 'number', p.number) from person p where p.id = u.${column})`;

/** Those that wait first, the oldest of them on top; then the last ones that were signed off. */
export const listReviews = async (tx: Transaction, viewer: PersonId, limit: number) => {
  const rows = await tx.query<Row>(
    `select u.id, u.means, b.number, c.place, ${named('person')} as person, ${named('witness')} as witness,
            json_build_object('id', t.id, 'name', t.name, 'place', t.place) as terminal, u.session, u.reason, u.at,
            s.ended_at, u.support_code, u.reviewed_at, r.name as by, u.verdict, u.findings
       from emergency_use u join terminal t on t.id = u.terminal
       left join session s on s.id = u.session
       left join emergency_code c on c.id = u.code left join emergency_batch b on b.id = c.batch
       left join person r on r.id = u.reviewed_by
      order by u.reviewed_at is not null, case when u.reviewed_at is null then u.at end, u.reviewed_at desc limit $1`,
    [limit],
  );
  const [counted] = await tx.query<{ waiting: number }>(
    'select count(*) as waiting from emergency_use where reviewed_at is null',
  );
  const reviews = rows.map((row): Review => {
    const { id, means, number, place, person, witness, terminal, session, reason, by, verdict } = row;
    return {
      id,
      means,
      serial: number === null || place === null ? null : serialOf(number, place),
      person,
      witness,
      terminal,
      session,
      reason,
      at: row.at.toISOString(),
      endedAt: row.ended_at?.toISOString() ?? null,
      supportCode: row.support_code,
      signedOff:
        row.reviewed_at === null || verdict === null
          ? null
          : { by: by ?? '', at: row.reviewed_at.toISOString(), verdict, findings: row.findings },
      maySignOff: row.reviewed_at === null && person.id !== viewer && witness?.id !== viewer,
    };
  });
  return { waiting: counted?.waiting ?? 0, reviews };
};
