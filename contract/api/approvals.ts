import { z } from 'zod';
import { approvalId, instant, personId } from '../ids.ts';
import { fourEyesAct } from '../policy.ts';
import { listingEnd, listingQuery } from './listing.ts';
import { text } from './people.ts';
import { policyChange } from './policies.ts';
import { table } from './row.ts';

const name = z.strictObject({ id: personId, name: z.string(), number: z.string() });

export const approval = z.strictObject({
  id: approvalId,
  act: fourEyesAct,
  /** Name of the row that was called. */
  call: z.string(),
  /** The person whom it concerns; `null` where it concerns nobody in particular. */
  subject: name.nullable(),
  about: z.string(),
  /** Of a draft of the policy: each value that it changes. */
  changes: z.array(policyChange).nullable(),
  state: z.enum(['waiting', 'given', 'refused', 'withdrawn', 'used', 'expired']),
  askedBy: name,
  askedAt: instant,
  /** Until when it can be decided, or used once it was given. */
  expiresAt: instant,
  decidedBy: name.nullable(),
  decidedAt: instant.nullable(),
  reason: z.string(),
  /** Whether the signed-in person may decide it. */
  mayDecide: z.boolean(),
});
export type Approval = z.infer<typeof approval>;

const params = z.strictObject({ approval: approvalId });

export const approvals = table({
  'approvals/list': {
    method: 'GET',
    path: '/v1/approvals',
    sender: ['helpdesk', 'admin', 'auditor'],
    event: null,
    failures: [],
    summary: 'Acts that wait for a second person, and those that were decided, the newest first.',
    query: z.strictObject({
      ...listingQuery(['waiting', 'asked', 'subject', 'by']),
      state: approval.shape.state.optional(),
      act: fourEyesAct.optional(),
      /** One of them. */
      approval: approvalId.optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
    answer: z.strictObject({ approvals: z.array(approval), ...listingEnd }),
  },
  'approvals/decide': {
    method: 'POST',
    path: '/v1/approvals/:approval/decide',
    sender: ['helpdesk', 'admin'],
    event: 'approval.given',
    failures: ['APPROVAL_ENDED', 'PERSON_SELF'],
    summary: 'A second person, neither who asked nor whom it concerns, approves or refuses.',
    params,
    body: z.strictObject({ approve: z.boolean(), reason: text(80) }),
    answer: z.strictObject({}),
  },
  'approvals/withdraw': {
    method: 'POST',
    path: '/v1/approvals/:approval/withdraw',
    sender: ['helpdesk', 'admin'],
    event: 'approval.refused',
    failures: ['APPROVAL_ENDED'],
    summary: 'Who asked takes it back.',
    params,
    body: z.strictObject({}),
    answer: z.strictObject({}),
  },
});
