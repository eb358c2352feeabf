import type { Approval } from '#contract/api/approvals.ts';
import type { PolicyChange } from '#contract/api/policies.ts';
import type { Role } from '#contract/api/row.ts';
import type { ApprovalId, PersonId } from '#contract/ids.ts';
import type { FourEyesAct } from '#contract/policy.ts';
import type { Transaction } from './database.ts';
import { folded, type Listed, type Listing, type ListingAsked, readListing, timeKey } from './listing.ts';
import { createUuid } from './uuid.ts';

/** How long an act waits for its second person, and how long an approval waits to be used. */
const waitingMilliseconds = 24 * 3_600_000;
const usingMilliseconds = 3_600_000;

export interface ApprovalToAsk {
  readonly act: FourEyesAct;
  readonly call: string;
  readonly subject: PersonId | null;
  readonly digest: Buffer;
  readonly about: string;
  /** Of a draft of the policy: each value that it changes. */
  readonly changes: readonly PolicyChange[] | null;
  readonly by: PersonId;
}

/**
 * Who gave an approval was suspended since, or could not give it any more (`mayDecideFor`): their word counts no longer. Of
 * the helpdesk are the factors of clinicians alone.
 */
const standsBy = `exists (select from person p
  where p.id = decided_by and p.state = 'active' and ('admin' = any(p.roles)
    or ('helpdesk' = any(p.roles) and act in ('first-binding', 'rebinding')
      and (select s.roles <@ array['clinician'] from person s where s.id = subject))))`;

/** Uses an approval up. Answers who gave it; undefined when there is none. */
export const tryUseApproval = async (
  tx: Transaction,
  now: Date,
  { by, digest }: Pick<ApprovalToAsk, 'by' | 'digest'>,
): Promise<PersonId | undefined> => {
  const [row] = await tx.query<{ by: PersonId }>(
    `update approval set state = 'used', used_at = $3
      where asked_by = $1 and digest = $2 and state = 'given' and expires_at > $3 and ${standsBy} returning decided_by as by`,
    [by, digest, now],
  );
  return row?.by;
};

/** What was used up in this transaction (`xmin` is its own) counts as before. */
export const giveApprovalsBack = async (tx: Transaction): Promise<void> => {
  await tx.query(
    `update approval set state = 'given', used_at = null
      where state = 'used' and xmin = pg_current_xact_id_if_assigned()::xid`,
  );
};

/** The waiting approval of this act by this person; `fresh` when it was not asked for before. */
export const askApproval = async (
  tx: Transaction,
  now: Date,
  asked: ApprovalToAsk,
): Promise<{ readonly id: ApprovalId; readonly fresh: boolean }> => {
  await expireApprovals(tx, now);
  const [row] = await tx.query<{ id: ApprovalId; fresh: boolean }>(
    `insert into approval (id, act, call, subject, digest, about, asked_by, asked_at, expires_at, changes)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (asked_by, digest) where state in ('waiting', 'given')
       do update set about = excluded.about, changes = excluded.changes
     returning id, xmax = 0 as fresh`,
    [
      createUuid(now),
      asked.act,
      asked.call,
      asked.subject,
      asked.digest,
      asked.about,
      asked.by,
      now,
      new Date(now.getTime() + waitingMilliseconds),
      asked.changes === null ? null : JSON.stringify(asked.changes),
    ],
  );
  if (row === undefined) throw new Error('an approval was not asked for');
  return row;
};

export const expireApprovals = async (tx: Transaction, now: Date): Promise<void> => {
  await tx.query(
    `update approval set state = 'expired'
      where state in ('waiting', 'given') and (expires_at <= $1 or (state = 'given' and not ${standsBy}))`,
    [now],
  );
};

export interface WaitingApproval {
  readonly id: ApprovalId;
  readonly act: FourEyesAct;
  readonly call: string;
  readonly subject: PersonId | null;
  readonly subjectRoles: readonly Role[];
  readonly askedBy: PersonId;
  readonly state: Approval['state'];
}

/** Held until the transaction ends, while it may still be decided or withdrawn. */
export const tryLockApproval = async (
  tx: Transaction,
  now: Date,
  id: ApprovalId,
): Promise<WaitingApproval | undefined> => {
  const [row] = await tx.query<WaitingApproval>(
    `select a.id, a.act, a.call, a.subject, a.asked_by as "askedBy", a.state,
            coalesce((select roles from person where id = a.subject), '{}') as "subjectRoles"
       from approval a where a.id = $1 and a.state in ('waiting', 'given') and a.expires_at > $2 for update`,
    [id, now],
  );
  return row;
};

export const decideApproval = async (
  tx: Transaction,
  now: Date,
  id: ApprovalId,
  decided: { readonly state: 'given' | 'refused' | 'withdrawn'; readonly by: PersonId; readonly reason: string },
): Promise<void> => {
  await tx.query(
    `update approval set state = $2, decided_by = $3, decided_at = $4, reason = $5, expires_at = $6 where id = $1`,
    [id, decided.state, decided.by, now, decided.reason, new Date(now.getTime() + usingMilliseconds)],
  );
};

interface Row {
  readonly id: ApprovalId;
  readonly act: FourEyesAct;
  readonly call: string;
  readonly about: string;
  readonly changes: PolicyChange[] | null;
  readonly state: Approval['state'];
  readonly asked_at: Date;
  readonly expires_at: Date;
  readonly decided_at: Date | null;
  readonly reason: string;
  readonly subject: Approval['subject'];
  readonly subject_roles: readonly Role[];
  readonly asked_by: Approval['askedBy'];
  readonly decided_by: Approval['decidedBy'];
}

const named = (column: string): string =>
  `(select json_build_object('id', p.id, 'name', p.name, 'number', p.number) from person p where p.id = a.${column})`;

type Sort = 'waiting' | 'asked' | 'subject' | 'by';
/** `$1` is now: what nobody decided in time is too old for it, whether somebody has looked since or not. */
const listing: Listing<Sort> = {
  rows: `select a.id, a.act, a.call, a.about, a.changes, a.asked_at, a.expires_at, a.decided_at, a.reason,
            case when a.state in ('waiting', 'given') and a.expires_at <= $1::timestamptz then 'expired' else a.state end as state,
            ${named('subject')} as subject, ${named('asked_by')} as asked_by, ${named('decided_by')} as decided_by,
            coalesce(s.roles, '{}') as subject_roles, coalesce(s.name, '') as subject_name,
            coalesce(s.number, '') as subject_number, b.name as asker_name, coalesce(d.name, '') as decider_name
       from approval a join person b on b.id = a.asked_by
       left join person s on s.id = a.subject left join person d on d.id = a.decided_by`,
  sorts: {
    waiting: { by: `case when state = 'waiting' then 0 else 1 end`, type: 'bigint' },
    asked: { by: timeKey('asked_at'), type: 'bigint', falls: true },
    subject: { by: 'subject_name', type: 'text' },
    by: { by: 'asker_name', type: 'text' },
  },
  usual: 'waiting',
  ties: [
    { by: timeKey('asked_at'), type: 'bigint', falls: true },
    { by: 'id', type: 'uuid' },
  ],
  search: folded(
    `subject_name || E'\\n' || subject_number || E'\\n' || asker_name || E'\\n' || decider_name || E'\\n' || about || E'\\n' || reason`,
  ),
};

export interface ApprovalsQuery extends ListingAsked<Sort> {
  readonly state?: Approval['state'] | undefined;
  readonly act?: FourEyesAct | undefined;
  readonly approval?: ApprovalId | undefined;
}

/** Those that wait first, then the last ones that were decided. */
export const listApprovals = async (
  tx: Transaction,
  now: Date,
  { state, act, approval, ...asked }: ApprovalsQuery,
  mayDecide: (asked: Pick<WaitingApproval, 'act' | 'subject' | 'subjectRoles' | 'askedBy'>) => boolean,
): Promise<Listed<Approval> | undefined> => {
  const values: unknown[] = [now];
  const where: string[] = [];
  if (state !== undefined) where.push(`state = $${values.push(state)}`);
  if (act !== undefined) where.push(`act = $${values.push(act)}`);
  if (approval !== undefined) where.push(`id = $${values.push(approval)}`);
  const listed = await readListing<Row, Sort>(tx, listing, { values, where }, asked);
  if (listed === undefined) return undefined;
  const approvals = listed.rows.map(
    (row): Approval => ({
      id: row.id,
      act: row.act,
      call: row.call,
      subject: row.subject,
      about: row.about,
      changes: row.changes,
      state: row.state,
      askedBy: row.asked_by,
      askedAt: row.asked_at.toISOString(),
      expiresAt: row.expires_at.toISOString(),
      decidedBy: row.decided_by,
      decidedAt: row.decided_at?.toISOString() ?? null,
      reason: row.reason,
      mayDecide:
        row.state === 'waiting' &&
        mayDecide({
          act: row.act,
          subject: row.subject?.id ?? null,
          subjectRoles: row.subject_roles,
          askedBy: row.asked_by.id,
        }),
    }),
  );
  return { ...listed, rows: approvals };
};
