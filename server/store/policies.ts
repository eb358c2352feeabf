import type { PersonId } from '#contract/ids.ts';
import { type Policy, policy } from '#contract/policy.ts';
import type { Transaction } from './database.ts';

export interface PolicyVersion {
  readonly number: number;
  readonly document: Policy;
  readonly note: string;
  readonly at: Date;
  readonly byName: string | null;
}

interface VersionRow extends Omit<PolicyVersion, 'document'> {
  readonly document: unknown;
}

const select = `select v.number, v.document, v.note, v.at, p.name as "byName"
  from policy_version v left join person p on p.id = v.by`;

/** A stored document is read by today's schema, which fills in what it did not have yet. */
const toVersion = (row: VersionRow): PolicyVersion => ({ ...row, document: policy.parse(row.document) });

export const tryGetNewestPolicy = async (tx: Transaction): Promise<PolicyVersion | undefined> => {
  const [row] = await tx.query<VersionRow>(`${select} order by v.number desc limit 1`);
  return row && toVersion(row);
};

export const tryGetPolicy = async (tx: Transaction, number: number): Promise<PolicyVersion | undefined> => {
  const [row] = await tx.query<VersionRow>(`${select} where v.number = $1`, [number]);
  return row && toVersion(row);
};

/** Newest first, below `before`. */
export const listPolicies = async (tx: Transaction, before: number, limit: number): Promise<PolicyVersion[]> =>
  (await tx.query<VersionRow>(`${select} where v.number < $1 order by v.number desc limit $2`, [before, limit])).map(
    toVersion,
  );

export const getPolicyNumber = async (tx: Transaction): Promise<number> => {
  const [row] = await tx.query<{ number: number }>('select coalesce(max(number), 0) as number from policy_version');
  return row?.number ?? 0;
};

/** The newest version, after which none comes until the transaction ends. */
export const lockNewestPolicy = async (tx: Transaction): Promise<PolicyVersion | undefined> => {
  await tx.query('lock table policy_version in exclusive mode');
  return tryGetNewestPolicy(tx);
};

/** Whoever calls holds the newest version. */
export const insertPolicy = async (
  tx: Transaction,
  now: Date,
  version: { readonly number: number; readonly document: Policy; readonly note: string; readonly by: PersonId },
): Promise<void> => {
  await tx.query('insert into policy_version (number, document, note, at, by) values ($1, $2, $3, $4, $5)', [
    version.number,
    JSON.stringify(version.document),
    version.note,
    now,
    version.by,
  ]);
};
