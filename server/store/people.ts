import type { PersonSummary } from '#contract/api/people.ts';
import type { Role } from '#contract/api/row.ts';
import type { PersonId } from '#contract/ids.ts';
import { foldForSearch, normaliseNumber } from '#core/policy/text.ts';
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

/** A person's row as it is searched, one a line. */
export const searchTextOf = ({ number, name, kana }: Pick<PersonSummary, 'number' | 'name' | 'kana'>): string =>
  [number, name, kana].map(foldForSearch).join('\n');

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
  const [row] = await tx.query<PersonRow>(
    `select ${columns} from person where lower(number) = lower($1) and left_at is null`,
    [normaliseNumber(number)],
  );
  return row;
};

export type PersonToAdd = Pick<PersonSummary, 'number' | 'name' | 'kana' | 'roles'>;

/** Undefined when the number is taken. */
export const tryInsertPerson = async (
  tx: Transaction,
  now: Date,
  toAdd: PersonToAdd,
): Promise<PersonSummary | undefined> => {
  const number = normaliseNumber(toAdd.number);
  const search = searchTextOf({ ...toAdd, number });
  const [row] = await tx.query<PersonRow>(
    `insert into person (id, number, name, kana, roles, search, created_at, changed_at)
     values ($1, $2, $3, $4, $5, $6, $7, $7)
     on conflict do nothing returning ${columns}`,
    [createUuid(now), number, toAdd.name, toAdd.kana, [...new Set(toAdd.roles)], search, now],
  );
  if (row) await tx.notify('changed', { what: 'people' });
  return row;
};

export const suspendAll = async (
  tx: Transaction,
  now: Date,
  ids: readonly PersonId[],
  byDirectory: boolean,
): Promise<void> => {
  await tx.query(
    `update person set state = 'suspended', suspended_by_directory = $3, changed_at = $2 where id = any($1)`,
    [ids, now, byDirectory],
  );
  await tx.notify('changed', { what: 'people' });
};

/** Whoever is suspended stays so whatever a directory says. False when that was so already. */
export const tryHoldSuspended = async (tx: Transaction, now: Date, id: PersonId): Promise<boolean> => {
  const rows = await tx.query(
    `update person set suspended_by_directory = false, changed_at = $2
      where id = $1 and state = 'suspended' and suspended_by_directory returning id`,
    [id, now],
  );
  return rows.length === 1;
};

/** Who had left has a number again: a violation of `person_number` is thrown when it is taken meanwhile. */
export const resumePerson = async (tx: Transaction, now: Date, id: PersonId): Promise<void> => {
  await tx.query(`update person set state = 'active', left_at = null, changed_at = $2 where id = $1`, [id, now]);
  await tx.notify('changed', { what: 'people' });
};

/** Throws a violation of `person_number` when the new number is taken. */
export const updatePerson = async (
  tx: Transaction,
  now: Date,
  { id, number, name, kana, roles }: Omit<PersonSummary, 'state'>,
): Promise<void> => {
  await tx.query(
    'update person set number = $2, name = $3, kana = $4, roles = $5, search = $6, changed_at = $7 where id = $1',
    [id, number, name, kana, [...new Set(roles)], searchTextOf({ number, name, kana }), now],
  );
  await tx.notify('changed', { what: 'people' });
};

/** Puts the person among those changed last and has the consoles read anew. */
export const touchPerson = async (tx: Transaction, now: Date, id: PersonId): Promise<void> => {
  await tx.query('update person set changed_at = $2 where id = $1', [id, now]);
  await tx.notify('changed', { what: 'people' });
};

/** Any constant: who takes an admin away waits here for whoever does the same, so that two never take the last two. */
const takingAdmins = 5_411_016;

/** Whether an active admin stays when these people are none any more. Holds the answer true until the transaction ends. */
export const keepsAdmin = async (tx: Transaction, without: readonly PersonId[]): Promise<boolean> => {
  await tx.query('select pg_advisory_xact_lock($1)', [takingAdmins]);
  const [row] = await tx.query(
    `select 1 from person where 'admin' = any(roles) and state = 'active' and id <> all($1) limit 1`,
    [without],
  );
  return row !== undefined;
};

export const hasAdmin = async (tx: Transaction): Promise<boolean> =>
  (await tx.query(`select 1 from person where 'admin' = any(roles) and state = 'active' limit 1`)).length > 0;
