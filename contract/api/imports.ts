import { z } from 'zod';
import { instant, personId } from '../ids.ts';
import { personSummary } from './people.ts';
import { table } from './row.ts';

/** Text of the file, as the page has decoded it (UTF-8, UTF-16 or Shift_JIS), and what is to become of the others. */
const upload = {
  /** CSV (RFC 4180) or tab-separated; at most 2 Mi characters and 20,000 lines behind the header. */
  text: z.string().max(2 * 1024 * 1024),
  /** True: active people whose number is not in the file are suspended, except whoever imports it. */
  suspendMissing: z.boolean().default(false),
};

export const importColumn = z.enum(['number', 'name', 'kana', 'roles', 'state']);
export type ImportColumn = z.infer<typeof importColumn>;

/** Why a line, or the file, cannot be taken. */
export const importRule = z.enum([
  'quotes',
  'columns',
  'header-missing',
  'header-twice',
  'too-many-lines',
  'empty',
  'required',
  'too-long',
  'characters',
  'damaged',
  'role-unknown',
  'state-unknown',
  'twice',
  'self',
  'too-many-suspended',
]);
export type ImportRule = z.infer<typeof importRule>;

export const importProblem = z.strictObject({
  /** Line of the file, from 1; `null` where it concerns the whole file. */
  line: z.int().min(1).nullable(),
  column: importColumn.nullable(),
  rule: importRule,
  /** For `twice`: the line that has the number already. */
  other: z.int().min(1).nullable(),
});
export type ImportProblem = z.infer<typeof importProblem>;

const facts = personSummary.omit({ id: true });
export type ImportedFacts = z.infer<typeof facts>;

export const importPlan = z.strictObject({
  /** SHA-256 of exactly this plan, hexadecimal; goes into `people/apply-import`. */
  digest: z.string(),
  added: z.array(z.strictObject({ line: z.int(), person: facts })),
  changed: z.array(z.strictObject({ line: z.int(), id: personId, before: facts, after: facts })),
  /** Active people who are suspended: by their line, or because they have none (`null`). */
  suspended: z.array(z.strictObject({ line: z.int().nullable(), person: personSummary })),
  unchanged: z.int(),
  /** Lines of suspended people whose state the file does not name: they stay suspended. */
  stillSuspended: z.int(),
  /** Lines of suspended people who are not here: nothing is made of them. */
  leftOut: z.int(),
  /** At most 500; with a single one nothing can be applied. */
  problems: z.array(importProblem),
});
export type ImportPlan = z.infer<typeof importPlan>;

export const imports = table({
  'people/preview-import': {
    method: 'POST',
    path: '/v1/people/import/preview',
    sender: ['admin'],
    event: null,
    failures: [],
    summary: 'What an import would change. Changes nothing.',
    body: z.strictObject(upload),
    answer: z.strictObject({ plan: importPlan }),
  },
  'people/apply-import': {
    method: 'POST',
    path: '/v1/people/import/apply',
    sender: ['admin'],
    event: 'people.imported',
    failures: ['IMPORT_PROBLEMS', 'IMPORT_STALE', 'APPROVAL_NEEDED'],
    summary: 'Does exactly what the preview with this digest said, in one transaction, or nothing.',
    body: z.strictObject({ ...upload, digest: z.string().regex(/^[0-9a-f]{64}$/) }),
    answer: z.strictObject({
      added: z.int(),
      changed: z.int(),
      suspended: z.int(),
      resumed: z.int(),
      unchanged: z.int(),
      /** Numbers of the revocations of those who were suspended. */
      revocations: z.array(z.int()),
      /** When that was: those who were added have come at this time (`addedAt` of `people/list`). */
      at: instant,
    }),
  },
});
