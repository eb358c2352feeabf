import type { Role } from '#contract/api/row.ts';
import type { Policy } from '#contract/policy.ts';

/** Whom a terminal is to be opened for in an emergency, and who vouches for them, if anybody does. */
export interface EmergencyFacts {
  readonly means: 'code' | 'witness';
  readonly colleague: EmergencyParty;
  /** Null for a code. */
  readonly witness: EmergencyParty | null;
}

export interface EmergencyParty {
  readonly id: string;
  readonly state: 'active' | 'suspended';
  readonly roles: readonly Role[];
}

export type EmergencyRefusal = 'off' | 'witness-missing' | 'self' | 'person-suspended' | 'not-a-clinician';

const isActiveClinician = ({ state, roles }: EmergencyParty): EmergencyRefusal | null => {
  if (state !== 'active') return 'person-suspended';
  return roles.includes('clinician') ? null : 'not-a-clinician';
};

/** Why nothing opens in this emergency; null when it may. An emergency gives nobody rights that a clinician has not. */
export function refuseEmergency(
  rules: Pick<Policy['emergency'], 'codes' | 'witness'>,
  { means, colleague, witness }: EmergencyFacts,
): EmergencyRefusal | null {
  if (means === 'code') return rules.codes ? isActiveClinician(colleague) : 'off';
  if (!rules.witness) return 'off';
  if (witness === null) return 'witness-missing';
  if (witness.id === colleague.id) return 'self';
  return isActiveClinician(witness) ?? isActiveClinician(colleague);
}
