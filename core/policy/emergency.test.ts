import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { roles } from '#contract/api/row.ts';
import { type EmergencyParty, refuseEmergency } from './emergency.ts';

const on = { codes: true, witness: true };
const taro: EmergencyParty = { id: 'taro', state: 'active', roles: ['clinician'] };
const hanako: EmergencyParty = { id: 'hanako', state: 'active', roles: ['clinician'] };

describe('an emergency', () => {
  it('opens for a clinician by a code, or by the word of another clinician', () => {
    assert.equal(refuseEmergency(on, { means: 'code', colleague: taro, witness: null }), null);
    assert.equal(refuseEmergency(on, { means: 'witness', colleague: taro, witness: hanako }), null);
  });

  it('opens nothing where policy has it off, each by itself', () => {
    assert.equal(refuseEmergency({ ...on, codes: false }, { means: 'code', colleague: taro, witness: null }), 'off');
    assert.equal(
      refuseEmergency({ ...on, witness: false }, { means: 'witness', colleague: taro, witness: hanako }),
      'off',
    );
    assert.equal(
      refuseEmergency({ ...on, codes: false }, { means: 'witness', colleague: taro, witness: hanako }),
      null,
    );
  });

  it('opens nothing on one’s own word, for somebody suspended, or for somebody who is no clinician', () => {
    const by = (colleague: EmergencyParty, witness: EmergencyParty | null) =>
      refuseEmergency(on, { means: 'witness', colleague, witness });
    assert.equal(by(taro, taro), 'self');
    assert.equal(by(taro, null), 'witness-missing');
    assert.equal(by({ ...taro, state: 'suspended' }, hanako), 'person-suspended');
    assert.equal(by(taro, { ...hanako, state: 'suspended' }), 'person-suspended');
    assert.equal(by({ ...taro, roles: ['admin'] }, hanako), 'not-a-clinician');
    assert.equal(by(taro, { ...hanako, roles: ['helpdesk'] }), 'not-a-clinician');
  });

  it('whatever the input, opens only for an active clinician, and by a witness only with another active one', () => {
    const party = fc.record({
      id: fc.constantFrom('a', 'b'),
      state: fc.constantFrom<'active' | 'suspended'>('active', 'suspended'),
      roles: fc.subarray([...roles]),
    });
    const rules = fc.record({ codes: fc.boolean(), witness: fc.boolean() });
    const means = fc.constantFrom<'code' | 'witness'>('code', 'witness');
    fc.assert(
      fc.property(rules, means, party, fc.option(party), (policy, how, colleague, witness) => {
        if (refuseEmergency(policy, { means: how, colleague, witness }) !== null) return;
        assert.ok(how === 'code' ? policy.codes : policy.witness);
        assert.ok(colleague.state === 'active' && colleague.roles.includes('clinician'));
        if (how === 'code') return;
        assert.ok(witness && witness.id !== colleague.id);
        assert.ok(witness.state === 'active' && witness.roles.includes('clinician'));
      }),
    );
  });
});
