import { createHash } from 'node:crypto';
import type { PersonSummary } from '#contract/api/people.ts';
import type { PolicyChange } from '#contract/api/policies.ts';
import { fail, type Result, succeed } from '#contract/errors.ts';
import type { ApprovedCall } from '#contract/event-details.ts';
import type { PersonId, TerminalId } from '#contract/ids.ts';
import type { FourEyesAct } from '#contract/policy.ts';
import { approvalForBinding } from '#core/policy/binding.ts';
import type { ServerDeps } from '../deps.ts';
import { askApproval, giveApprovalsBack, tryUseApproval } from '../store/approvals.ts';
import type { Lane, Transaction } from '../store/database.ts';
import { record } from '../store/events.ts';
import { lowestUuidAt } from '../store/uuid.ts';
import type { ConsoleSender } from './handlers.ts';
import { by } from './refusing.ts';

export interface ActToApprove {
  readonly act: FourEyesAct;
  readonly call: ApprovedCall;
  readonly subject: PersonId | null;
  /** Exactly what is asked for: an approval of one thing approves no other. */
  readonly what: unknown;
  /** The same in a few words, for who has to decide. */
  readonly about: string;
  /** Of a draft of the policy: each value that it changes. */
  readonly changes?: readonly PolicyChange[];
}

/** Detail of the event of an act that was approved. */
export interface Approved {
  readonly approvedBy?: string;
}

/**
 * Lets an act go on that a second person has approved, once; otherwise asks for that, in the log and to the consoles.
 * Called in the transaction of the act, before it.
 */
export const requireApproval = async (
  tx: Transaction,
  now: Date,
  sender: ConsoleSender,
  { act, call, subject, what, about, changes }: ActToApprove,
): Promise<Result<Approved, 'APPROVAL_NEEDED'>> => {
  const digest = createHash('sha256')
    .update(JSON.stringify([act, call, subject, what]))
    .digest();
  const approvedBy = await tryUseApproval(tx, now, { by: sender.person, digest });
  if (approvedBy !== undefined) return succeed({ approvedBy });
  const { id, fresh } = await askApproval(tx, now, {
    act,
    call,
    subject,
    digest,
    about,
    changes: changes ?? null,
    by: sender.person,
  });
  if (fresh) {
    await record(tx, now, {
      ...by(sender, subject),
      kind: 'approval.asked',
      outcome: 'success',
      reason: act,
      // All of it is with the approval itself.
      detail: { approval: id, call, about: about.slice(0, 200) },
    });
  }
  await tx.notify('changed', { what: 'approvals' });
  return fail('APPROVAL_NEEDED', { approval: id });
};

/**
 * The transaction of an act that may be refused after its approval was used up, because somebody else was quicker: the
 * approval then counts as before. What is known before is refused before anybody is asked to agree to it.
 */
export const actOrGiveBack = <Tried extends Result<unknown>>(
  lane: Lane,
  act: (tx: Transaction) => Promise<Tried>,
): Promise<Tried> =>
  lane.transaction(async (tx) => {
    const tried = await act(tx);
    if (!tried.ok) await giveApprovalsBack(tx);
    return tried;
  });

/** Before a card or secret is bound to somebody: by whom else it has to be agreed to. */
export const requireApprovalForBinding = async (
  deps: Pick<ServerDeps, 'policy'>,
  tx: Transaction,
  now: Date,
  sender: ConsoleSender,
  {
    person,
    call,
    what,
    terminal,
  }: {
    readonly person: PersonSummary;
    readonly call: ApprovedCall;
    readonly what: string;
    readonly terminal: TerminalId | null;
  },
): Promise<Result<Approved, 'APPROVAL_NEEDED'>> => {
  const facts = await findBindingFacts(tx, now, { person: person.id, terminal, session: sender.session });
  const act = approvalForBinding(deps.policy(), facts);
  if (act === null) return succeed({});
  return requireApproval(tx, now, sender, { act, call, subject: person.id, what, about: what });
};

/** Before roles are given or taken: whether somebody else has to agree to that. */
export const requireApprovalForRoles = async (
  { policy }: Pick<ServerDeps, 'policy'>,
  tx: Transaction,
  now: Date,
  sender: ConsoleSender,
  act: Omit<ActToApprove, 'act'>,
): Promise<Result<Approved, 'APPROVAL_NEEDED'>> =>
  policy().fourEyes.includes('roles') ? requireApproval(tx, now, sender, { ...act, act: 'roles' }) : succeed({});

/** How long ago somebody must have shown their factors, at a terminal or at the console, to count as being there. */
const presentMilliseconds = 15 * 60_000;
/** From this age on a factor was set by somebody who uses it: sessions are not kept for ever. */
const enrolledMilliseconds = 24 * 3_600_000;

interface Binding {
  readonly person: PersonId;
  /** Where the person would be present. */
  readonly terminal: TerminalId | null;
  /** The console session that asks. */
  readonly session: string;
}

const findBindingFacts = async (tx: Transaction, now: Date, { person, terminal, session }: Binding) => {
  const since = new Date(now.getTime() - presentMilliseconds);
  const [row] = await tx.query<{ usesFactors: boolean; isPresent: boolean }>(
    `select exists (select from session where person = $1 and opened_by in ('factors', 'grace', 'substitute'))
         or exists (select from console_session where person = $1)
         or exists (select from passkey where person = $1 and removed_at is null)
         or exists (select from credential where person = $1 and set_at is not null and id < $5) as "usesFactors",
            exists (select from session where person = $1 and opened_by = 'factors' and terminal = $2
                      and ended_at is null and started_at > $3)
         or exists (select from console_session c left join session s on s.id = c.session
                     where c.id = $4 and c.person = $1 and (c.passkey_used_at > $3
                       or (c.session is null and c.created_at > $3)
                       or (s.opened_by = 'factors' and s.started_at > $3))) as "isPresent"`,
    [person, terminal, since, session, lowestUuidAt(new Date(now.getTime() - enrolledMilliseconds))],
  );
  return row ?? { usesFactors: true, isPresent: false };
};
