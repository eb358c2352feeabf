import { z } from 'zod';
import { instant } from '../ids.ts';
import { table } from './row.ts';

/** Items of MHLW 医療情報システムの安全管理に関するガイドライン 6.0 that this product has a part in, by clause. */
export const checklistItemId = z.enum([
  'users-identified',
  'secrets-personal',
  'temporary-access',
  'rights-approved',
  'two-factors',
  'pin-rules',
  'card-not-alone',
  'clear-screen',
  'lost-cards',
  'emergency',
  'maintenance',
  'accounts-current',
  'connections',
  'log-content',
  'log-reviewed',
  'log-protected',
  'log-kept',
  'time',
  'backups',
]);
export type ChecklistItemId = z.infer<typeof checklistItemId>;

/** `by-hand`: nothing that the server can see speaks for or against it. */
export const checklistState = z.enum(['met', 'partly', 'not-met', 'by-hand']);
export type ChecklistState = z.infer<typeof checklistState>;

/** What was found in the installation; the values that go with each are in `values`. */
export const checklistFact = z.enum([
  'one-account-for-each-number',
  'people',
  'pins-set-by-owners',
  'first-secrets-open',
  'first-secret-hours',
  'substitute-kinds',
  'substitute-hours',
  'substitutes-issued',
  'four-eyes-roles',
  'four-eyes-policy',
  'privileged',
  'every-rule-asks-for-two',
  'grace',
  'logins-by-two-factors',
  'no-factor',
  'pin-length',
  'pin-tries',
  'cards-by-assurance',
  'idle-limit',
  'session-limit',
  'console-idle-limit',
  'revocations-unconfirmed',
  'revocations',
  'emergency-ways',
  'four-eyes-codes',
  'emergencies',
  'emergencies-unreviewed',
  'codes-unused',
  'maintenance-accounts',
  'maintenance-unused',
  'left-with-card',
  'unused',
  'directories',
  'terminals',
  'terminals-ended',
  'authority-end',
  'tls',
  'logins-without-whom',
  'logins-logged',
  'log-views-logged',
  'review-signed',
  'review-none',
  'review-due',
  'log-only-added-to',
  'log-whole',
  'log-signed',
  'retention',
  'oldest-line',
  'clocks-off',
  'clock-alarms',
  'backup-made',
  'backup-none',
  'backup-write-once',
]);
export type ChecklistFact = z.infer<typeof checklistFact>;

export const checklistEvidence = z.strictObject({
  fact: checklistFact,
  /** Whether it speaks for the item; `null`: it only says what there is. */
  good: z.boolean().nullable(),
  values: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type ChecklistEvidence = z.infer<typeof checklistEvidence>;

export const checklistItem = z.strictObject({
  id: checklistItemId,
  clause: z.string(),
  state: checklistState,
  evidence: z.array(checklistEvidence),
});
export type ChecklistItem = z.infer<typeof checklistItem>;

export const checklist = table({
  'checklist/show': {
    method: 'GET',
    path: '/v1/checklist',
    sender: ['admin', 'auditor'],
    event: null,
    failures: [],
    summary:
      'Which items of the MHLW guideline 6.0 the installation meets now, each with the evidence for it, found in policy, log and database at the time of asking.',
    answer: z.strictObject({
      at: instant,
      origin: z.string(),
      policyVersion: z.int(),
      items: z.array(checklistItem),
    }),
  },
});
