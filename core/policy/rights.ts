import type { Role } from '#contract/api/row.ts';

/** Roles that open the console. */
const consoleRoles: readonly Role[] = ['helpdesk', 'admin', 'auditor', 'operator'];

export const mayUseConsole = (roles: readonly Role[]): boolean => roles.some((role) => consoleRoles.includes(role));

/** Only an admin gives another role than clinician. */
export const mayGiveRoles = (actor: readonly Role[], given: readonly Role[]): boolean =>
  actor.includes('admin') || given.every((role) => role === 'clinician');

/** Factors of somebody who holds power are changed by an admin alone: helpdesk could otherwise make itself one. */
export const mayChangeFactorsOf = (actor: readonly Role[], subject: readonly Role[]): boolean =>
  actor.includes('admin') || subject.every((role) => role === 'clinician');
