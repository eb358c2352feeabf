import type { CardAuthorityId, PersonId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { createUuid } from './uuid.ts';

export interface ListedCertificate {
  readonly id: CardAuthorityId;
  /** DER. */
  readonly certificate: Buffer;
}

/** What is on the list. */
export const listCertificates = (tx: Transaction): Promise<ListedCertificate[]> =>
  tx.query<ListedCertificate>('select id, certificate from card_authority where removed_at is null order by added_at');

export interface ListedRow extends ListedCertificate {
  readonly name: string;
  readonly cards: number;
  readonly addedAt: Date;
  readonly addedBy: string;
}

const select = `select a.id, a.name, a.certificate, a.added_at as "addedAt", p.name as "addedBy",
    (select count(*) from card c where c.authority = a.id and c.state = 'active') as cards
  from card_authority a join person p on p.id = a.added_by where a.removed_at is null`;

export const listAuthorities = (tx: Transaction): Promise<ListedRow[]> =>
  tx.query<ListedRow>(`${select} order by a.name, a.added_at`);

/** Undefined when its certificate is on the list already. */
export const tryInsertAuthority = async (
  tx: Transaction,
  now: Date,
  { name, certificate, by }: { readonly name: string; readonly certificate: Buffer; readonly by: PersonId },
): Promise<ListedRow | undefined> => {
  const id = createUuid(now);
  const inserted = await tx.query(
    `insert into card_authority (id, name, certificate, added_at, added_by) values ($1, $2, $3, $4, $5)
     on conflict (sha256(certificate)) where removed_at is null do nothing returning id`,
    [id, name, certificate, now, by],
  );
  if (inserted.length === 0) return undefined;
  const [row] = await tx.query<ListedRow>(`${select} and a.id = $1`, [id]);
  return row;
};

/** Undefined when it is not on the list. Waits for enrolments on its word that are under way. */
export const tryRemoveAuthority = async (
  tx: Transaction,
  now: Date,
  id: CardAuthorityId,
  by: PersonId,
): Promise<{ readonly name: string; readonly cards: number } | undefined> => {
  const [row] = await tx.query<{ name: string; cards: number }>(
    `update card_authority a set removed_at = $2, removed_by = $3 where id = $1 and removed_at is null
     returning name, (select count(*) from card c where c.authority = a.id and c.state = 'active') as cards`,
    [id, now, by],
  );
  return row;
};

/** Whether it is on the list, and stays on it until the transaction ends. */
export const holdAuthority = async (tx: Transaction, id: CardAuthorityId): Promise<boolean> => {
  const rows = await tx.query('select 1 from card_authority where id = $1 and removed_at is null for share', [id]);
  return rows.length === 1;
};
