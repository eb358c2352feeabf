import { z } from 'zod';
import { accountFinding } from './api/accounts.ts';
import { keyPurposes } from './api/keys.ts';
import { logPeriods } from './api/log-periods.ts';
import { identityProof } from './api/people.ts';
import { roles } from './api/row.ts';
import { revocationOrder } from './api/terminals.ts';
import { eventKind } from './audit.ts';
import { assurance, technology } from './card.ts';
import { type FailureCode, failures } from './errors.ts';
import { lockReason, windowKind } from './screen.ts';

/** Calls that may take a second person. */
export const approvedCall = z.enum([
  'ceremonies/begin',
  'people/add',
  'people/change',
  'people/apply-import',
  'people/issue-first-secret',
  'people/begin-totp',
  'people/invite',
  'policies/apply',
  'emergency-codes/make',
  'card-authorities/add',
  'card-authorities/remove',
  'directory-clients/add',
  'directory-groups/set-role',
]);
export type ApprovedCall = z.infer<typeof approvedCall>;

/** Calls before which somebody who is signed in shows anew who they are. */
export const provenCall = z.enum([
  'passkeys/begin-enrolment',
  'passkeys/remove',
  'passkeys/prove',
  'console/renew-secrets',
]);
export type ProvenCall = z.infer<typeof provenCall>;

const role = z.enum(roles);
const codes = Object.keys(failures) as [FailureCode, ...FailureCode[]];

/**
 * Details of events that are codes: whoever reads the log reads a word for each. By the name of the detail, for all events or,
 * behind a kind, for those alone. What a terminal reports may be another text: that is shown as it is.
 */
export const detailCodes = {
  assurance,
  technology,
  role,
  roleBefore: role,
  /** Several, with spaces between. */
  roles: role,
  rolesBefore: role,
  state: z.enum(['active', 'suspended']),
  identity: identityProof,
  code: z.enum(codes),
  kind: eventKind,
  period: z.enum(logPeriods),
  format: z.enum(['csv', 'jsonl']),
  finding: z.enum([...accountFinding.options, 'all']),
  /** Where wrong tries led to a lock, if not at a terminal that is named. */
  where: z.enum(['console', 'offline']),
  window: windowKind,
  /** What is wrong with a line of a terminal's journal (`core/audit/chain.ts`), or that there is another one in its place. */
  chain: z.enum(['hash', 'epoch', 'sequence', 'previous', 'rewritten']),
  /** Where the server was put back behind the session that a terminal names. */
  unproven: z.enum(['database-put-back']),
  'revocation.issued.what': revocationOrder.shape.what,
  'revocation.confirmed.what': revocationOrder.shape.what,
  'revocation.returned.what': revocationOrder.shape.what,
  'code.refused.what': z.enum(['substitute', 'emergency']),
  'code.guessed-at.what': z.enum(['substitute', 'emergency']),
  'attempt.begun.purpose': z.enum(['witness']),
  'key.retired.purpose': z.enum(keyPurposes),
  'approval.asked.call': approvedCall,
  'approval.given.call': approvedCall,
  'approval.refused.call': approvedCall,
  'approval.asked.about': z.enum(['card', 'pin', 'totp', 'first-secret', 'invitation']),
  'console.proof-accepted.call': provenCall,
  'console.proof-refused.call': provenCall,
  'guard.started.journal': z.enum(['rolled-back', 'damaged', 'unproven', 'unreadable', 'torn']),
  'journal.damaged.journal': z.enum(['rolled-back', 'damaged', 'unproven', 'unreadable', 'missing']),
  'journal.faulted.step': z.enum(['write', 'flush']),
  'hook.failed.event': z.enum(['unlock', 'lock']),
  'offline.contested.locked': lockReason,
  'person.suspended.before': z.enum(['directory']),
} as const satisfies Readonly<Record<string, z.ZodEnum>>;
export type DetailCode = keyof typeof detailCodes;

/** Details that are identifiers of a person, terminal or card, or several with spaces between: they are shown by the names. */
export const namedDetails = [
  'approvedBy',
  'askedBy',
  'joinedPeople',
  'leftPeople',
  'terminal',
  'subject',
  'former',
] as const;
