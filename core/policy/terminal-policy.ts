import type { Policy, TerminalPolicy } from '#contract/policy.ts';

/** The part of a policy that a terminal is told. */
export const terminalPolicyOf = ({ pin, session, helpdesk }: Policy): TerminalPolicy => ({
  pin: { shortest: pin.shortest, longest: pin.longest },
  idleSeconds: session.idleSeconds,
  warnSeconds: session.warnSeconds,
  helpdesk,
});
