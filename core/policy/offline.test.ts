import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { judgeOffline, longestOffline, type OfflineFacts, type OfflineRules, offlineUntil } from './offline.ts';

const hour = 3_600_000;
const rules: OfflineRules = { hours: 24, roles: ['clinician'], assurance: ['pki'], tries: 3, minutes: 720 };
const facts: OfflineFacts = { roles: ['clinician', 'helpdesk'], assurance: 'pki', loginAt: 1_000 * hour, failures: 0 };
const judge = (change: Partial<OfflineFacts> = {}, at = facts.loginAt + hour) =>
  judgeOffline({ ...facts, ...change }, rules, at);

test('somebody of a role and with a card that policy names is let in for its hours, while tries are left', () => {
  assert.equal(judge(), 'allowed');
  assert.equal(judge({ roles: ['helpdesk'] }), 'role');
  assert.equal(judge({ roles: [] }), 'role');
  assert.equal(judge({ assurance: 'identifier' }), 'assurance');
  assert.equal(judge({ failures: 3 }), 'locked');
  assert.equal(judge({ failures: 2 }), 'allowed');
  assert.equal(judge({}, facts.loginAt + 24 * hour), 'too-old');
  assert.equal(judge({}, facts.loginAt + 24 * hour - 1), 'allowed');
});

test('a time before the login itself lets nobody in', () => {
  assert.equal(judge({}, facts.loginAt - 1), 'too-old');
});

test('no policy lets anybody in for longer than thirty days', () => {
  fc.assert(
    fc.property(fc.nat({ max: 100_000 }), fc.nat({ max: 2 ** 40 }), (hours, loginAt) => {
      const until = offlineUntil(loginAt, { hours });
      assert.ok(until - loginAt <= longestOffline);
      assert.equal(judgeOffline({ ...facts, loginAt }, { ...rules, hours }, until), 'too-old');
    }),
  );
});
