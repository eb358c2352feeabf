import { z } from 'zod';
import { instant, personId } from '../ids.ts';
import { roles, table } from './row.ts';

const role = z.enum(roles);

/** What an inventory of accounts looks for (MHLW 6.0 企画管理編 13③⑤⑦; checklist 2-⑤). */
export const accountFinding = z.enum([
  /** May log in, and has not for so many days, or never since they were added that long ago. */
  'unused',
  /** Taken away by a directory. */
  'left',
  'suspended',
  /** Neither in nor suspended, and still with a card that is in force. */
  'left-with-card',
  /** May log in and has nothing to show beside a card. */
  'no-factor',
  /** A clinician without a card in force. */
  'no-card',
  /** Has a card in force that was not used for so many days. */
  'card-unused',
  /** Has a role beside that of a clinician. */
  'privileged',
  /** Has the role of an operator: whoever keeps the system up. */
  'maintenance',
  /** A terminal was opened for them in an emergency within so many days. */
  'emergency',
]);
export type AccountFinding = z.infer<typeof accountFinding>;

export const account = z.strictObject({
  id: personId,
  number: z.string(),
  name: z.string(),
  kana: z.string(),
  state: z.enum(['active', 'suspended', 'left']),
  roles: z.array(role),
  addedAt: instant,
  leftAt: instant.nullable(),
  /** The last login at a terminal or sign-in to the console; `null`: never. */
  lastUsedAt: instant.nullable(),
  /** Name of the terminal; `null`: in a browser, or never. */
  lastUsedAtTerminal: z.string().nullable(),
  /** In force. */
  cards: z.int(),
  unusedCards: z.int(),
  factors: z.array(z.enum(['pin', 'totp', 'password', 'passkey'])),
  findings: z.array(accountFinding),
});
export type Account = z.infer<typeof account>;

const filter = {
  finding: accountFinding.optional(),
  role: role.optional(),
  search: z.string().max(80).default(''),
  /** Without use for so many days counts as unused. */
  days: z.coerce.number().int().min(1).max(3650).default(90),
  sort: z.enum(['last-used', 'name', 'number', 'added', 'state']).default('last-used'),
  order: z.enum(['rising', 'falling']).default('rising'),
};
export const accountFilter = z.strictObject(filter);
export type AccountFilter = z.output<typeof accountFilter>;

const keepers = ['admin', 'auditor'] as const;

export const accounts = table({
  'accounts/list': {
    method: 'GET',
    path: '/v1/accounts',
    sender: keepers,
    event: null,
    failures: [],
    summary:
      'The inventory of accounts: everybody who is or was known here, with their last use and what there is to look at, page by page.',
    query: z.strictObject({
      ...filter,
      page: z.coerce.number().int().min(1).max(100_000).default(1),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
    answer: z.strictObject({
      /** How many there are of each finding, whatever is filtered. */
      counts: z.partialRecord(accountFinding, z.int()),
      everybody: z.int(),
      /** As many as the filter leaves. */
      total: z.int(),
      accounts: z.array(account),
      /** Sealed emergency codes: accounts of nobody. */
      emergencyCodes: z.strictObject({ unused: z.int(), used: z.int() }),
    }),
  },
  'accounts/export': {
    method: 'GET',
    path: '/v1/accounts/export',
    sender: keepers,
    event: 'accounts.exported',
    failures: [],
    summary: 'All accounts that the filter leaves, at once, to be kept as a file.',
    query: accountFilter,
    answer: z.strictObject({ accounts: z.array(account) }),
  },
});
