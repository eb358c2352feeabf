import type { Role } from '#contract/api/row.ts';
import type { FourEyesAct } from '#contract/policy.ts';

/** Roles that open the console. */
const consoleRoles: readonly Role[] = ['helpdesk', 'admin', 'auditor', 'operator'];

export const mayUseConsole = (roles: readonly Role[]): boolean => roles.some((role) => consoleRoles.includes(role));

/** Only an admin gives another role than clinician. */
export const mayGiveRoles = (actor: readonly Role[], given: readonly Role[]): boolean =>
  actor.includes('admin') || given.every((role) => role === 'clinician');

/** Whether somebody may be the second person of an act: whoever might have asked for it. */
export const mayDecideFor = (actor: readonly Role[], act: FourEyesAct, subject: readonly Role[]): boolean =>
  act === 'first-binding' || act === 'rebinding'
    ? (actor.includes('helpdesk') || actor.includes('admin')) && mayChangeFactorsOf(actor, subject)
    : actor.includes('admin');

/** Factors of somebody who holds power are changed by an admin alone: helpdesk could otherwise make itself one. */
export const mayChangeFactorsOf = (actor: readonly Role[], subject: readonly Role[]): boolean =>
  actor.includes('admin') || subject.every((role) => role === 'clinician');
