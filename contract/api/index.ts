import type { z } from 'zod';
import type { Result } from '../errors.ts';
import { accounts } from './accounts.ts';
import { approvals } from './approvals.ts';
import { backups } from './backups.ts';
import { cardAuthorities } from './card-authorities.ts';
import { cards } from './cards.ts';
import { checklist } from './checklist.ts';
import { consoleRows } from './console.ts';
import { directory } from './directory.ts';
import { emergencies } from './emergencies.ts';
import { events } from './events.ts';
import { imports } from './imports.ts';
import { keyRows } from './keys.ts';
import { logRows } from './log.ts';
import { logins } from './logins.ts';
import { overviewRows } from './overview.ts';
import { passkeys } from './passkeys.ts';
import { people } from './people.ts';
import { periodicReviews } from './periodic-reviews.ts';
import { policies } from './policies.ts';
import type { Row } from './row.ts';
import { savedFilters } from './saved-filters.ts';
import { scim } from './scim.ts';
import { substitutes } from './substitutes.ts';
import { terminals } from './terminals.ts';

/** Every HTTP request of the product. Routing, parsing, guards, OpenAPI, docs and negative tests come from here. */
export const api = {
  ...terminals,
  ...logins,
  ...people,
  ...cards,
  ...substitutes,
  ...emergencies,
  ...policies,
  ...accounts,
  ...periodicReviews,
  ...checklist,
  ...approvals,
  ...consoleRows,
  ...events,
  ...savedFilters,
  ...passkeys,
  ...imports,
  ...directory,
  ...scim,
  ...keyRows,
  ...cardAuthorities,
  ...logRows,
  ...overviewRows,
  ...backups,
} as const;

export type Api = typeof api;
export type RouteName = keyof Api;
type Member<R extends Row, K extends 'params' | 'query' | 'body' | 'headers'> = R[K] extends z.ZodType
  ? z.output<R[K]>
  : undefined;
type Sent<R extends Row, K extends 'params' | 'query' | 'body'> = R[K] extends z.ZodType ? z.input<R[K]> : undefined;

/** A body that its handler has read. */
export interface Late<Body> {
  /** As it came; empty where nothing did. */
  readonly bytes: Uint8Array;
  /** Reads it; what is wrong with it the gate answers, whatever the handler does. Called twice it reads twice. */
  read(): Result<Body, 'REQUEST_INVALID'>;
}
/** What a handler gets, parsed. */
export type Input<Name extends RouteName> = Parts<Name> & Headers<Api[Name]>;
export type Headers<R extends Row> = R extends { readonly headers: infer H extends z.ZodType }
  ? { readonly headers: z.output<H> }
  : unknown;
export interface Parts<Name extends RouteName> {
  readonly params: Member<Api[Name], 'params'>;
  readonly query: Member<Api[Name], 'query'>;
  readonly body: Api[Name] extends { readonly readsLate: true }
    ? Late<Member<Api[Name], 'body'>>
    : Member<Api[Name], 'body'>;
}
/** What a caller gives. */
export interface Call<Name extends RouteName> {
  readonly params: Sent<Api[Name], 'params'>;
  readonly query: Sent<Api[Name], 'query'>;
  readonly body: Sent<Api[Name], 'body'>;
}
export type Answer<Name extends RouteName> = z.output<Api[Name]['answer']>;
/** Failure codes of the row itself and of the gate in front of every row. */
export type RowFailure<Name extends RouteName> = Api[Name]['failures'][number];
export const gateFailures = [
  'REQUEST_INVALID',
  'REQUEST_UNKNOWN',
  'REQUEST_TOO_LARGE',
  'INTERNAL',
  'SERVER_BUSY',
  'TERMINAL_CERTIFICATE_MISSING',
  'TERMINAL_REVOKED',
  'TERMINAL_DISABLED',
  'TERMINAL_OTHER',
  'CONSOLE_SIGNED_OUT',
  'CONSOLE_ROLE_MISSING',
  'CONSOLE_FORGED',
  'DIRECTORY_TOKEN_REFUSED',
  'DIRECTORY_TOO_OFTEN',
] as const;
export type GateFailure = (typeof gateFailures)[number];
