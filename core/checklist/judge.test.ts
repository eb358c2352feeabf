import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ChecklistItemId, checklistItemId } from '#contract/api/checklist.ts';
import { policyOf } from '../policy/profiles.ts';
import { type ChecklistFacts, judgeChecklist } from './judge.ts';

const now = new Date('2027-06-15T09:00:00Z');
const later = (days: number): Date => new Date(now.getTime() + days * 86_400_000);
/** An installation in which nothing is left to do. */
const whole: ChecklistFacts = {
  policy: policyOf('jp-mhlw-6.0', { fourEyes: ['rebinding', 'roles', 'policy', 'emergency-codes'] }),
  now,
  people: 3000,
  numbersUnique: true,
  pinsSet: 2900,
  firstSecretsOpen: 3,
  substitutesIssued90: 40,
  privileged: 12,
  noFactor: 0,
  unused: 0,
  leftWithCard: 0,
  maintenance: 2,
  maintenanceUnused: 0,
  directories: 1,
  logins30: { factors: 90_000, substitute: 400, emergency: 1 },
  cards: { identifier: 4000, keyed: 0, pki: 900 },
  revocations90: 25,
  unconfirmed: 0,
  emergencies365: 4,
  emergenciesLate: 0,
  codesUnused: 20,
  terminals: 1200,
  terminalsEnded: 0,
  authorityEndsAt: later(700),
  leastTls: 'TLSv1.3',
  loginsWithoutWhom30: 0,
  logViews90: 30,
  lastReview: { day: '2027-06-01', by: '監査 次郎', due: '2027-07-01', overdue: false },
  logOnlyAddedTo: true,
  logHalted: false,
  logSize: 2_000_000,
  checkpointAt: now,
  logWaiting: 0,
  oldestLineAt: later(-400),
  clocksOff: 0,
  clockAlarms30: 0,
  lastBackup: { at: later(-1), writeOnce: true },
};
const stateOf = (id: ChecklistItemId, change: Partial<ChecklistFacts> = {}) =>
  judgeChecklist({ ...whole, ...change }).find((item) => item.id === id)?.state;

describe('the checklist', () => {
  it('has every item once, all of them met where nothing is left to do', () => {
    const items = judgeChecklist(whole);
    assert.deepEqual(
      items.map(({ id }) => id),
      checklistItemId.options,
    );
    assert.deepEqual(new Set(items.map(({ state }) => state)), new Set(['met']));
    for (const { evidence } of items) assert.ok(evidence.some((one) => one.good === true));
  });

  it('ticks nothing that the installation does not show', () => {
    const policy = (changes: Parameters<typeof policyOf>[1]) => ({ policy: policyOf('jp-mhlw-6.0', changes) });
    const spoilt: readonly [ChecklistItemId, Partial<ChecklistFacts>, string][] = [
      ['users-identified', { numbersUnique: false }, 'not-met'],
      ['secrets-personal', policy({ pin: { initialHours: 200 } }), 'partly'],
      ['temporary-access', policy({ substitutes: { kinds: [] } }), 'not-met'],
      ['temporary-access', policy({ substitutes: { hours: 100 } }), 'partly'],
      ['rights-approved', policy({}), 'partly'],
      ['two-factors', policy({ grace: { minutes: 5 } }), 'partly'],
      ['two-factors', { logins30: { factors: 10, grace: 2 } }, 'partly'],
      ['two-factors', { noFactor: 1 }, 'partly'],
      ['pin-rules', policy({ pin: { shortest: 7 } }), 'not-met'],
      ['card-not-alone', policy({ grace: { minutes: 1 } }), 'partly'],
      ['clear-screen', policy({ session: { idleSeconds: 3600 } }), 'not-met'],
      ['clear-screen', policy({ session: { minutes: 1000 } }), 'partly'],
      ['lost-cards', { unconfirmed: 1 }, 'partly'],
      ['emergency', { emergenciesLate: 1 }, 'not-met'],
      ['emergency', { ...policy({ emergency: { witness: false } }), codesUnused: 0 }, 'partly'],
      ['maintenance', { maintenanceUnused: 1 }, 'partly'],
      ['accounts-current', { leftWithCard: 1 }, 'not-met'],
      ['accounts-current', { unused: 1 }, 'partly'],
      ['connections', { leastTls: 'TLSv1.2' }, 'not-met'],
      ['connections', { terminalsEnded: 1 }, 'partly'],
      ['connections', { authorityEndsAt: later(10) }, 'partly'],
      ['connections', { authorityEndsAt: later(-1) }, 'not-met'],
      ['log-content', { loginsWithoutWhom30: 1 }, 'not-met'],
      ['log-reviewed', { lastReview: null }, 'not-met'],
      ['log-reviewed', { lastReview: { day: '2027-01-01', by: 'x', due: '2027-02-01', overdue: true } }, 'not-met'],
      ['log-protected', { logOnlyAddedTo: false }, 'not-met'],
      ['log-protected', { logHalted: true }, 'not-met'],
      ['log-protected', { checkpointAt: null }, 'partly'],
      ['log-protected', { checkpointAt: later(-1), logWaiting: 5 }, 'partly'],
      ['log-kept', policy({ retention: { eventMonths: 24 } }), 'partly'],
      ['time', { clocksOff: 3 }, 'partly'],
      ['backups', { lastBackup: null }, 'not-met'],
      ['backups', { lastBackup: { at: later(-8), writeOnce: true } }, 'not-met'],
      ['backups', { lastBackup: { at: later(-1), writeOnce: false } }, 'partly'],
    ];
    for (const [id, change, expected] of spoilt) {
      assert.equal(stateOf(id), 'met');
      assert.equal(stateOf(id, change), expected, `${id} ${JSON.stringify(change).slice(0, 100)}`);
    }
    const items = new Set(spoilt.map(([id]) => id));
    assert.deepEqual(
      checklistItemId.options.filter((id) => !items.has(id)),
      [],
      'each item can fail',
    );
  });
});
