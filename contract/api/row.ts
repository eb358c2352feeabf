import type { z } from 'zod';
import type { EventKind } from '../audit.ts';
import type { FailureCode } from '../errors.ts';

export const roles = ['clinician', 'helpdesk', 'admin', 'auditor', 'operator'] as const;
export type Role = (typeof roles)[number];

/**
 * Who may send a request. `anyone` rows are few and named; `terminal` needs a client certificate; `directory` a bearer
 * token that an admin made; a list of roles needs a console session.
 */
export type Sender = 'anyone' | 'terminal' | 'directory' | readonly [Role, ...Role[]];

export interface Row {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Fastify notation; members of `params` stand behind a colon. */
  readonly path: `/v1/${string}` | `/scim/v2/${string}`;
  readonly sender: Sender;
  /** For terminals: a certificate that has ended is taken too, for a while, when it is of the terminal's own last key. */
  readonly takesLapsed?: true;
  /** For terminals: one that is disabled is heard too. */
  readonly takesDisabled?: true;
  readonly summary: string;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** For what comes by the thousand: its body is read when its handler is ready for it (`Late`). */
  readonly readsLate?: true;
  /** Request headers that its handler reads, by their lower-case names. */
  readonly headers?: z.ZodType;
  readonly answer: z.ZodType;
  /** HTTP status of a success; 200 where it is left out. 204 has no body. */
  readonly status?: 201 | 204;
  /** Failure codes of its own; those of the gate (shape, sender, bug) come on top of every row. */
  readonly failures: readonly FailureCode[];
  /** The event that it writes in the same transaction; `null` where it only reads. */
  readonly event: EventKind | null;
}

/** Keeps the literal types of a table of rows. */
export const table = <const Rows extends Record<string, Row>>(rows: Rows): Rows => rows;
