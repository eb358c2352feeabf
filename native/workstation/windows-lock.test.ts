import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import type { HookedKey, Message, Win32 } from './win32.ts';
import { createWindowsLock, leadsAway, type SessionChange } from './windows-lock.ts';
import { shellChange } from './windows-shell.ts';

const session = (reason: number): Message => ({ number: 0x02b1, wParam: reason });

/** Windows as it is written down here: what it was asked, and what it answers. */
function record(answers: { readonly locks?: boolean; readonly refuses?: readonly (keyof Win32)[] } = {}) {
  const asked: string[] = [];
  const messages: Message[] = [];
  let swallows: Parameters<Win32['hookKeyboard']>[0] | undefined;
  const answer = (name: keyof Win32): boolean => {
    asked.push(name);
    return !(answers.refuses ?? []).includes(name);
  };
  const win32: Win32 = {
    lockWorkStation() {
      const taken = answer('lockWorkStation');
      if (taken && answers.locks !== false) messages.push(session(7));
      return taken;
    },
    disconnectSession: () => answer('disconnectSession'),
    openSessionWindow: () => answer('openSessionWindow'),
    closeSessionWindow: () => void answer('closeSessionWindow'),
    takeMessage: () => messages.shift(),
    hookKeyboard(given) {
      swallows = given;
      return answer('hookKeyboard');
    },
    unhookKeyboard: () => void answer('unhookKeyboard'),
    lastError: () => 5,
  };
  const heard: SessionChange[] = [];
  const problems: string[] = [];
  const lock = createWindowsLock({
    win32,
    onSession: (change) => heard.push(change),
    report: (problem) => problems.push(problem),
  });
  return { asked, messages, heard, problems, lock, hooked: () => swallows };
}

describe('the lock of Windows, on what is written down of it', () => {
  test('is there when Windows says so, and not when the call returns', async (t) => {
    mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
    t.after(() => mock.timers.reset());
    const { lock, asked, heard } = record();
    const locked = lock.lock();
    assert.deepEqual(heard, []);
    mock.timers.tick(10);
    assert.equal(await locked, true);
    assert.deepEqual(asked, ['openSessionWindow', 'lockWorkStation']);
    assert.deepEqual(heard, ['locked']);
  });

  for (const refuses of [[], ['lockWorkStation']] as const)
    test(`a lock that does not come ends the session (${refuses.join() || 'accepted'})`, async (t) => {
      mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
      t.after(() => mock.timers.reset());
      const { lock, asked, problems } = record({ locks: false, refuses });
      const locked = lock.lock();
      mock.timers.tick(1_995);
      assert.ok(!asked.includes('disconnectSession'));
      mock.timers.tick(10);
      assert.equal(await locked, false);
      assert.equal(asked.at(-1), 'disconnectSession');
      assert.ok(problems.length > 0);
    });

  test('each change of the session is told, and no other message', (t) => {
    mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
    t.after(() => mock.timers.reset());
    const { messages, heard, lock, asked } = record();
    messages.push(...[1, 2, 5, 6, 7, 8, 99].map(session), { number: 0x0100, wParam: 7 });
    mock.timers.tick(10);
    assert.deepEqual(heard, ['connected', 'disconnected', 'logged-on', 'logged-off', 'locked', 'unlocked']);
    lock.stop();
    messages.push(session(8));
    mock.timers.tick(100);
    assert.equal(heard.length, 6);
    assert.equal(asked.at(-1), 'closeSessionWindow');
  });

  test('keys are held once, however often it is asked, and let go with the last', () => {
    const { lock, asked, hooked } = record();
    const [one, other] = [lock.holdKeys(), lock.holdKeys()];
    assert.equal(hooked(), leadsAway);
    one();
    one();
    assert.ok(!asked.includes('unhookKeyboard'));
    other();
    assert.deepEqual(
      asked.filter((name) => /hook/.test(name)),
      ['hookKeyboard', 'unhookKeyboard'],
    );
    lock.stop();
  });

  test('what Windows refuses is told with its error', () => {
    const { lock, problems } = record({ refuses: ['openSessionWindow', 'hookKeyboard'] });
    lock.holdKeys();
    assert.deepEqual(problems, ['sessions are not told: error 5', 'keys are not held: error 5']);
    lock.stop();
  });
});

test('keys that lead away from a full window are swallowed, and those that somebody types are not', () => {
  const none = () => false;
  const withControl = (key: number) => key === 0x11;
  const pressed = (key: number, alt = false): HookedKey => ({ key, flags: alt ? 0x20 : 0 });
  for (const key of [0x5b, 0x5c, 0x5d]) assert.ok(leadsAway(pressed(key), none), key.toString(16));
  for (const key of [0x09, 0x1b, 0x20, 0x73]) {
    assert.ok(leadsAway(pressed(key, true), none), `Alt and ${key.toString(16)}`);
    assert.ok(!leadsAway(pressed(key), none), key.toString(16));
  }
  assert.ok(leadsAway(pressed(0x1b), withControl));
  for (let key = 0x30; key < 0x5b; key += 1) assert.ok(!leadsAway(pressed(key, true), withControl), key.toString(16));
});

test('the shell of an account is set with its undo, and nothing in it can become another command', () => {
  const account = 'S-1-5-21-1-2-3-1001';
  const { apply, undo, check } = shellChange(account, `C:\\Kazasu\\kazasu.exe --name 'O''Brien'`);
  assert.match(
    apply,
    /SetCustomShell\('S-1-5-21-1-2-3-1001', 'C:\\Kazasu\\kazasu\.exe --name ''O''''Brien''', .*, 0\)/,
  );
  assert.match(apply, /SetDefaultShell\('explorer\.exe', 0\)[\s\S]*SetEnabled\(\$true\)/);
  assert.match(undo, /RemoveCustomShell\('S-1-5-21-1-2-3-1001'\)[\s\S]*SetEnabled\(\$false\)/);
  assert.match(check, /IsEnabled\(\)/);
  for (const wrong of ['ward', "S-1-5'; calc", 'S-1', '']) assert.throws(() => shellChange(wrong, 'x'), /identifier/);
  for (const wrong of ['', 'a\nb']) assert.throws(() => shellChange(account, wrong), /one line/);
});
