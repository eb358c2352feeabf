import type { PersonSummary } from '#contract/api/people.ts';
import type { Role } from '#contract/api/row.ts';
import type { PersonId } from '#contract/ids.ts';
import { cleanText, foldForSearch } from '#core/policy/text.ts';
import type { Transaction } from './database.ts';
import { createUuid } from './uuid.ts';

interface PersonRow {
  readonly id: PersonId;
  readonly number: string;
  readonly name: string;
  readonly kana: string;
  readonly state: 'active' | 'suspended';
  readonly roles: Role[];
}

const columns = 'id, number, name, kana, state, roles';

/** Staff numbers are compared without regard to full-width characters. */
const normaliseNumber = (number: string): string => cleanText(number.normalize('NFKC'));

export const tryGetPerson = async (tx: Transaction, id: PersonId): Promise<PersonSummary | undefined> => {
  const [row] = await tx.query<PersonRow>(`select ${columns} from person where id = $1`, [id]);
  return row;
};

/** Held until the transaction ends, against a change of the person meanwhile. */
export const tryLockPerson = async (tx: Transaction, id: PersonId): Promise<PersonSummary | undefined> => {
  const [row] = await tx.query<PersonRow>(`select ${columns} from person where id = $1 for no key update`, [id]);
  return row;
};

export const tryFindByNumber = async (tx: Transaction, number: string): Promise<PersonSummary | undefined> => {
  const [row] = await tx.query<PersonRow>(`select ${columns} from person where number = $1`, [normaliseNumber(number)]);
  return row;
};

/** By number, name or kana; those changed last when nothing is searched for. */
export const searchPeople = async (tx: Transaction, search: string, limit: number): Promise<PersonSummary[]> => {
  const folded = foldForSearch(search);
  if (folded === '') {
    return tx.query<PersonRow>(`select ${columns} from person order by changed_at desc, number limit $1`, [limit]);
  }
  return tx.query<PersonRow>(
    `select ${columns} from person where position($1 in search) > 0 order by number limit $2`,
    [folded, limit],
  );
};

export type PersonToAdd = Pick<PersonSummary, 'number' | 'name' | 'kana' | 'roles'>;

/** Undefined when the number is taken. */
export const tryInsertPerson = async (
  tx: Transaction,
  now: Date,
  toAdd: PersonToAdd,
): Promise<PersonSummary | undefined> => {
  const number = normaliseNumber(toAdd.number);
  const search = [number, toAdd.name, toAdd.kana].map(foldForSearch).join('\n');
  const [row] = await tx.query<PersonRow>(
    `insert into person (id, number, name, kana, roles, search, created_at, changed_at)
     values ($1, $2, $3, $4, $5, $6, $7, $7)
     on conflict on constraint person_number do nothing returning ${columns}`,
    [createUuid(now), number, toAdd.name, toAdd.kana, [...new Set(toAdd.roles)], search, now],
  );
  if (row) await tx.notify('changed', { what: 'people' });
  return row;
};

export const suspendPerson = async (tx: Transaction, now: Date, id: PersonId): Promise<void> => {
  await tx.query(`update person set state = 'suspended', changed_at = $2 where id = $1`, [id, now]);
  await tx.notify('changed', { what: 'people' });
};

/** Puts the person among those changed last and has the consoles read anew. */
export const touchPerson = async (tx: Transaction, now: Date, id: PersonId): Promise<void> => {
  await tx.query('update person set changed_at = $2 where id = $1', [id, now]);
  await tx.notify('changed', { what: 'people' });
};

export const hasAdmin = async (tx: Transaction): Promise<boolean> =>
  (await tx.query(`select 1 from person where 'admin' = any(roles) and state = 'active' limit 1`)).length > 0;
