import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { calls, type WindowKind } from '#contract/screen.ts';
import { judgeCall, type Sender } from './gate.ts';

const from = (window: WindowKind, change: Partial<Sender> = {}): Sender => ({
  url: `app://ui/${window}`,
  topFrame: true,
  window,
  ...change,
});
const allWindows: readonly WindowKind[] = ['lock', 'cover', 'badge'];
const good: Readonly<Record<keyof typeof calls, unknown>> = {
  'login/press': { key: '5' },
  'login/choose-factor': { factor: 'totp' },
  'login/settle': { choice: 'end-there' },
  'login/without-card': {},
  'login/choose-way': { way: 'substitute' },
  'login/choose-reason': { reason: 'drill' },
  'login/confirm': {},
  'login/cancel': {},
  'session/lock': {},
  'session/stay': {},
  'session/open-console': {},
  'settings/change': { sound: false },
  'window/ready': {},
  'window/painted': { number: 3 },
};

describe('gate', () => {
  for (const [name, row] of Object.entries(calls)) {
    const windows = row.windows as readonly WindowKind[];
    const request = good[name as keyof typeof calls];
    for (const window of allWindows) {
      const judged = judgeCall(from(window), name, request);
      if (windows.includes(window)) {
        test(`${name} from ${window} is taken by ${row.by}`, () => {
          assert.deepEqual(judged, { kind: row.by, name, request, window });
        });
      } else {
        test(`${name} from ${window} is refused`, () => {
          assert.deepEqual(judged, { kind: 'refused', why: 'foreign-window', code: 'REQUEST_FOREIGN' });
        });
      }
    }
    test(`${name} with another shape is refused`, () => {
      const [window] = windows;
      assert.ok(window);
      for (const bad of [undefined, null, 'x', [], { ...(request as object), more: 1 }]) {
        assert.deepEqual(judgeCall(from(window), name, bad), {
          kind: 'refused',
          why: 'bad-request',
          code: 'REQUEST_INVALID',
        });
      }
    });
  }

  test('refuses names that are no row, those of every object among them', () => {
    for (const name of ['login/open', 'toString', '__proto__', 'constructor', '', 7, null, undefined, {}]) {
      assert.deepEqual(judgeCall(from('lock'), name, {}), {
        kind: 'refused',
        why: 'unknown-call',
        code: 'REQUEST_UNKNOWN',
      });
    }
  });

  test('refuses every sender that is not the top frame of an own page', () => {
    const strangers: readonly Partial<Sender>[] = [
      { url: 'https://ui/lock' },
      { url: 'app://ui.example/lock' },
      { url: 'app://other/lock' },
      { url: 'file:///lock' },
      { url: 'about:blank' },
      { url: 'not an address' },
      { url: null },
      { topFrame: false },
      { window: undefined },
    ];
    for (const stranger of strangers) {
      assert.deepEqual(judgeCall(from('lock', stranger), 'login/press', { key: '1' }), {
        kind: 'refused',
        why: 'foreign-sender',
        code: 'REQUEST_FOREIGN',
      });
    }
  });
});
