import type { Policy, TerminalPolicy } from '#contract/policy.ts';

/** The part of a policy that a terminal is told. */
export const terminalPolicyOf = ({
  pin,
  session,
  helpdesk,
  emergency,
  substitutes,
  journal,
  offline,
  tries,
}: Policy): TerminalPolicy => ({
  pin: { shortest: pin.shortest, longest: pin.longest },
  idleSeconds: session.idleSeconds,
  warnSeconds: session.warnSeconds,
  helpdesk,
  whenFull: journal.whenFull,
  offline: { ...offline, tries: Math.min(tries.soft, tries.hard), minutes: session.minutes },
  ways: {
    substitute: substitutes.kinds.includes('code'),
    emergency: emergency.codes,
    witness: emergency.witness,
  },
});
