import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mayChangeFactorsOf, mayGiveRoles, mayUseConsole } from './rights.ts';

describe('rights', () => {
  it('to give a role beyond clinician are an admin’s', () => {
    assert.ok(mayGiveRoles(['helpdesk'], ['clinician']));
    for (const role of ['helpdesk', 'admin', 'auditor', 'operator'] as const) {
      assert.ok(!mayGiveRoles(['helpdesk', 'auditor', 'operator'], ['clinician', role]));
      assert.ok(mayGiveRoles(['admin'], [role]));
    }
  });

  it('to change the factors of whoever holds power are an admin’s', () => {
    assert.ok(mayChangeFactorsOf(['helpdesk'], ['clinician']));
    assert.ok(!mayChangeFactorsOf(['helpdesk'], ['clinician', 'admin']));
    assert.ok(!mayChangeFactorsOf(['helpdesk'], ['helpdesk']));
    assert.ok(mayChangeFactorsOf(['admin'], ['admin']));
  });

  it('to the console come with a role of it', () => {
    assert.ok(!mayUseConsole(['clinician']));
    assert.ok(!mayUseConsole([]));
    assert.ok(mayUseConsole(['clinician', 'auditor']));
  });
});
