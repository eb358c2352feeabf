import { z } from 'zod';
import { instant, personId, terminalId } from '../ids.ts';
import { policy } from '../policy.ts';
import { text } from './people.ts';
import { table } from './row.ts';

/** Dotted path of a value, the rule that it breaks, and the clause that the rule comes from. */
const policyProblem = z.strictObject({ path: z.string(), rule: z.string(), clause: z.string().nullable() });

/** One value of the policy in force. */
const policyValue = z.strictObject({
  path: z.string(),
  value: z.unknown(),
  /** What its profile starts from. */
  usual: z.unknown(),
  lowest: z.number().optional(),
  highest: z.number().optional(),
  only: z.array(z.unknown()).optional(),
  clause: z.string().nullable(),
  /** True: the server's operator has set it in the environment, and no draft changes it. */
  pinned: z.boolean(),
});

/** What a draft would have made of an attempt. */
export const policyEffect = z.enum([
  'same',
  'newly-refused',
  'newly-accepted',
  'another-factor',
  'more-factors',
  'session-shorter',
]);
export type PolicyEffect = z.infer<typeof policyEffect>;

const effectCounts = z.partialRecord(policyEffect, z.int());

/** What a policy makes of an attempt: a card with one secret opens, only several secrets do, or nothing. */
export const policyJudgement = z.enum(['one-factor', 'several-factors', 'refused']);
export type PolicyJudgement = z.infer<typeof policyJudgement>;
const judgementCounts = z.partialRecord(policyJudgement, z.int());
/** By the policy in force, and by the draft. */
const judgements = z.strictObject({ before: judgementCounts, after: judgementCounts });

/** What of a draft makes the difference: a rule by its name, that the person has no factor for it, no rule at all, or the length of sessions. */
export const policyCause = z.enum(['rule', 'no-usable-factor', 'no-rule', 'session-minutes']);
export type PolicyCause = z.infer<typeof policyCause>;

/** The attempts of the last days, judged again by a draft. */
export const dryRun = z.strictObject({
  days: z.int(),
  /** Attempts that were judged, the newest; `cut` is true when there were more than are judged. */
  attempts: z.int(),
  cut: z.boolean(),
  effects: effectCounts,
  /** By day of the hospital (YYYY-MM-DD), by role and by group of terminals. */
  byDay: z.record(z.string(), effectCounts),
  byRole: z.record(z.string(), effectCounts),
  byGroup: z.record(z.string(), effectCounts),
  /** Those that it makes a difference to, by what in the draft makes it. */
  byCause: z.array(z.strictObject({ cause: policyCause, rule: z.string().nullable(), effects: effectCounts })),
  /** Of all attempts, and by role of the person. */
  judged: z.strictObject({ all: judgements, byRole: z.record(z.string(), judgements) }),
  /** Persons who would be refused at every one of their attempts. */
  lockedOut: z.array(z.strictObject({ person: personId, name: z.string(), number: z.string() })),
  examples: z.array(
    z.strictObject({
      at: instant,
      person: personId,
      personName: z.string(),
      terminal: terminalId,
      terminalName: z.string(),
      effect: policyEffect,
      /** Name of the rule that decides in the draft. */
      rule: z.string().nullable(),
    }),
  ),
});
export type DryRun = z.infer<typeof dryRun>;

/** Versions are counted from 1 in four bytes; 0 is the policy before the first one. */
const highest = 2 ** 31 - 1;

/** A value that differs between two policies. */
export const policyChange = z.strictObject({ path: z.string(), before: z.unknown(), after: z.unknown() });
export type PolicyChange = z.infer<typeof policyChange>;

const version = z.strictObject({
  number: z.int().min(0),
  note: z.string(),
  at: instant.nullable(),
  by: z.string().nullable(),
  profile: z.string(),
  changes: z.array(policyChange),
});

const readers = ['helpdesk', 'admin', 'auditor'] as const;

export const policies = table({
  'policies/active': {
    method: 'GET',
    path: '/v1/policy',
    sender: readers,
    event: null,
    failures: [],
    summary: 'The policy in force, each value with its limits and the clause behind it.',
    answer: z.strictObject({ number: z.int().min(0), policy, values: z.array(policyValue) }),
  },
  'policies/list': {
    method: 'GET',
    path: '/v1/policies',
    sender: readers,
    event: null,
    failures: [],
    summary: 'Versions of the policy, newest first, with what each changed.',
    query: z.strictObject({ before: z.coerce.number().int().min(1).max(highest).optional() }),
    answer: z.strictObject({ versions: z.array(version) }),
  },
  'policies/show': {
    method: 'GET',
    path: '/v1/policies/:number',
    sender: readers,
    event: null,
    failures: ['POLICY_UNKNOWN'],
    summary: 'One version, to look at or to go back to.',
    params: z.strictObject({ number: z.coerce.number().int().min(0).max(highest) }),
    answer: z.strictObject({ number: z.int().min(0), policy }),
  },
  'policies/plan': {
    method: 'POST',
    path: '/v1/policies/plan',
    sender: ['admin', 'auditor'],
    event: null,
    failures: [],
    summary:
      'Holds a draft against the limits of its profile and against the attempts of the last days. Changes nothing.',
    body: z.strictObject({ policy, days: z.int().min(1).max(92).default(7) }),
    answer: z.strictObject({
      base: z.int().min(0),
      problems: z.array(policyProblem),
      changes: z.array(policyChange),
      dryRun: dryRun.nullable(),
    }),
  },
  'policies/apply': {
    method: 'POST',
    path: '/v1/policies',
    sender: ['admin'],
    event: 'policy.applied',
    failures: ['POLICY_INVALID', 'POLICY_STALE', 'APPROVAL_NEEDED', 'PERSON_LAST_ADMIN'],
    summary: 'Puts a draft in force on all servers and terminals. `base` is the version that it was drafted from.',
    body: z.strictObject({ policy, base: z.int().min(0).max(highest), note: text(200) }),
    answer: z.strictObject({ number: z.int().min(1) }),
  },
});
