import type { Policy, TerminalPolicy } from '#contract/policy.ts';

/** The part of a policy that a terminal is told. */
export const terminalPolicyOf = ({
  pin,
  session,
  helpdesk,
  emergency,
  substitutes,
  journal,
}: Policy): TerminalPolicy => ({
  pin: { shortest: pin.shortest, longest: pin.longest },
  idleSeconds: session.idleSeconds,
  warnSeconds: session.warnSeconds,
  helpdesk,
  whenFull: journal.whenFull,
  ways: {
    substitute: substitutes.kinds.includes('code'),
    emergency: emergency.codes,
    witness: emergency.witness,
  },
});
