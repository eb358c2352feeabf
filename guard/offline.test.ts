import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { PersonId, SessionId } from '#contract/ids.ts';
import { card, createDesk, type Desk, digits, forLock, hanako, hour, pin, policy } from './test-offline.ts';

let desk: Desk;
beforeEach(() => {
  desk = createDesk();
});
afterEach(() => desk.remove());

const other = { ...card, identifier: '04FFFFFFFFFFFF' } as const;
/** Somebody logs in with the server. */
const remembered = async (greeting = hanako) => {
  const offline = await desk.run();
  await offline.remember(card, greeting, digits(pin));
  return offline;
};
const why = (found: ReturnType<Awaited<ReturnType<Desk['run']>>['find']>) => (found.ok ? 'allowed' : found.why);
const check = async (offline: Awaited<ReturnType<Desk['run']>>, typed: string) =>
  offline.check(card, digits(typed), forLock);

test('whoever logged in here lately gets in by card and PIN, also after the machine was started anew', async () => {
  await remembered();
  desk.reboot();
  const offline = await desk.run({ contact: false });
  const found = offline.find(card);
  assert.ok(found.ok);
  assert.deepEqual(found.greeting, hanako);
  const checked = await check(offline, pin);
  assert.ok(checked.kind === 'right');
  const grant = { ...forLock, session: checked.session, person: hanako.person };
  assert.ok(offline.takeGrant(grant));
});

test('what was proved opens one lock once, for its person alone', async () => {
  const offline = await remembered();
  for (const wrong of [
    { lock: crypto.randomUUID() as typeof forLock.lock },
    { person: crypto.randomUUID() as PersonId },
    { session: crypto.randomUUID() as SessionId },
  ]) {
    const checked = await check(offline, pin);
    assert.ok(checked.kind === 'right');
    const grant = { ...forLock, session: checked.session, person: hanako.person };
    assert.equal(offline.takeGrant({ ...grant, ...wrong }), false);
    assert.equal(offline.takeGrant(grant), false, 'a proof that was used wrongly is gone');
  }
  const checked = await check(offline, pin);
  assert.ok(checked.kind === 'right');
  const grant = { ...forLock, session: checked.session, person: hanako.person };
  assert.ok(offline.takeGrant(grant));
  assert.equal(offline.takeGrant(grant), false, 'shown again');
});

test('nobody else gets in: another card, a role or a card that policy leaves out, nobody where policy has no hours', async () => {
  const offline = await remembered();
  for (const one of [other, { ...card, technology: 'felica', systemCode: '0003' } as const])
    assert.equal(why(offline.find(one)), 'unknown');
  desk.rules = { ...policy.offline, roles: ['admin'] };
  assert.equal(why(offline.find(card)), 'role');
  desk.rules = { ...policy.offline, assurance: ['pki'] };
  assert.equal(why(offline.find(card)), 'assurance');
  assert.equal(offline.until(), null);
  desk.rules = { ...policy.offline, hours: 0 };
  assert.equal(why(offline.find(card)), 'off');
  assert.equal((await check(offline, pin)).kind, 'refused');
});

test('wrong PINs are counted before they are looked at; the count outlives a kill, and a right one ends it', async () => {
  let offline = await remembered();
  assert.partialDeepStrictEqual(await check(offline, '00000000'), { kind: 'wrong', triesLeft: 2 });
  offline = await desk.run();
  assert.partialDeepStrictEqual(await check(offline, '00000001'), { kind: 'wrong', triesLeft: 1 });
  assert.equal((await check(offline, pin)).kind, 'right');
  for (const left of [2, 1, 0])
    assert.partialDeepStrictEqual(await check(offline, '00000002'), { kind: 'wrong', triesLeft: left });
  offline = await desk.run();
  assert.equal(why(offline.find(card)), 'locked');
  assert.equal((await check(offline, pin)).kind, 'refused', 'the right PIN too');
  assert.equal(offline.until(), null);
  await offline.remember(card, hanako, digits(pin));
  assert.equal((await check(offline, pin)).kind, 'right', 'after a login with the server');
});

test('fifty guesses at once are no more than the limit', async () => {
  const offline = await remembered();
  const guesses = Array.from({ length: 50 }, (_, index) => check(offline, String(10_000_000 + index)));
  const looked = (await Promise.all(guesses)).filter(({ kind }) => kind === 'wrong');
  assert.equal(looked.length, policy.offline.tries);
});

test('a guess that cannot be counted is not looked at', async () => {
  const offline = await remembered();
  const write = desk.kept.set.bind(desk.kept);
  desk.kept.set = () => {
    throw new Error('no keychain');
  };
  for (let count = 0; count <= policy.offline.tries; count += 1)
    assert.partialDeepStrictEqual(await check(offline, '00000000'), { kind: 'refused', why: 'not-kept' });
  desk.kept.set = write;
  assert.partialDeepStrictEqual(await check(offline, '00000000'), { kind: 'wrong', triesLeft: 2 }, 'it costs no try');
});

test('an older copy of the file is not taken, and nothing of it is', async () => {
  let offline = await remembered();
  const file = join(desk.folder, 'offline.json');
  cpSync(file, join(desk.folder, 'copy'));
  await check(offline, '00000000');
  cpSync(join(desk.folder, 'copy'), file);
  offline = await desk.run();
  assert.ok(offline.rolledBack);
  assert.equal(why(offline.find(card)), 'unknown');
  const again = await desk.run();
  assert.ok(again.rolledBack, 'the guard died before its journal had it');
  assert.equal(why(again.find(card)), 'unknown');
  await again.remember(card, hanako, digits(pin));
  await again.noteTold();
  const next = await desk.run();
  assert.deepEqual([next.rolledBack, next.find(card).ok], [false, true], 'told once, and what came since is taken');
});

test('a file of which the keychain has no word is not taken, be it the newest one, and comes back by no later word', async () => {
  await remembered();
  desk.kept.delete('offline');
  const offline = await desk.run();
  assert.equal(why(offline.find(card)), 'unknown');
  await offline.remember(other, { ...hanako, person: crypto.randomUUID() as PersonId }, digits(pin));
  assert.equal(why((await desk.run()).find(card)), 'unknown');
});

test('a machine that ends at any step of a count has it, or has not looked at the PIN, and locks nobody out', async () => {
  await remembered();
  const file = join(desk.folder, 'offline.json');
  const states: { readonly text: string; readonly kept: Map<string, string>; readonly isLooked: boolean }[] = [];
  let isLooked = false;
  const note = () => states.push({ text: readFileSync(file, 'utf8'), kept: new Map(desk.kept), isLooked });
  const { set } = desk.kept;
  // Before and after each word to the keychain; the file is replaced between the two.
  desk.kept.set = (account, secret) => {
    note();
    set.call(desk.kept, account, secret);
    note();
    return desk.kept;
  };
  const offline = await desk.run();
  const { kind } = await check(offline, '00000000');
  assert.equal(kind, 'wrong');
  isLooked = true;
  note();
  desk.kept.set = set;
  assert.ok(
    new Set(states.map(({ text }) => text)).size > 1 &&
      new Set(states.map((one) => JSON.stringify([...one.kept]))).size > 2,
  );
  for (const [place, { isLooked: looked, kept, text }] of states.entries()) {
    for (const [account, secret] of kept) set.call(desk.kept, account, secret);
    writeFileSync(file, text);
    const again = await desk.run();
    assert.equal(again.rolledBack, false, `state ${place}`);
    const next = await check(again, '00000001');
    assert.ok(next.kind === 'wrong' && (next.triesLeft === 1 || (!looked && next.triesLeft === 2)), `state ${place}`);
  }
});

test('an older copy from before a revocation brings nobody back, nor does one of another terminal', async () => {
  const offline = await remembered();
  const file = join(desk.folder, 'offline.json');
  const before = readFileSync(file);
  offline.revoke({ what: 'person', subject: hanako.person, person: null });
  assert.ok(await offline.settled());
  writeFileSync(file, before);
  const again = await desk.run();
  assert.deepEqual([again.rolledBack, why(again.find(card))], [true, 'unknown']);

  await again.remember(card, hanako, digits(pin));
  const foreign = createDesk();
  try {
    await (await foreign.run()).remember(other, hanako, digits(pin));
    cpSync(join(foreign.folder, 'offline.json'), file);
    const copied = await desk.run();
    assert.deepEqual(
      [copied.rolledBack, why(copied.find(card)), why(copied.find(other))],
      [true, 'unknown', 'unknown'],
    );
  } finally {
    foreign.remove();
  }
});

test('a copy of everything on another terminal opens nothing and tells nothing', async () => {
  await remembered();
  const secrets = new Map<string, string>();
  const keychain = {
    tryRead: async (account: string) => secrets.get(account),
    write: async (account: string, secret: string) => void secrets.set(account, secret),
    remove: async () => undefined,
  };
  const copy = await desk.run({ keychain });
  assert.equal(why(copy.find(card)), 'unknown');
  const text = readFileSync(join(desk.folder, 'offline.json'), 'latin1');
  for (const secret of [hanako.name, hanako.number, card.identifier, pin])
    assert.ok(!text.includes(secret) && !text.includes(Buffer.from(secret).toString('latin1')), secret);
});

test('a revocation takes away what is kept, for good, before it counts as settled', async () => {
  for (const order of [
    { what: 'card', subject: crypto.randomUUID(), person: hanako.person },
    { what: 'person', subject: hanako.person },
    { what: 'credential', subject: hanako.person, person: null },
    { what: 'terminal', subject: crypto.randomUUID() },
  ] as const) {
    const offline = await remembered();
    const before = await check(offline, pin);
    assert.ok(before.kind === 'right');
    offline.revoke(order);
    assert.equal(offline.takeGrant({ ...forLock, session: before.session, person: hanako.person }), false);
    assert.equal(why(offline.find(card)), 'unknown');
    assert.ok(await offline.settled());
    assert.equal(why((await desk.run()).find(card)), 'unknown');
  }
  const offline = await remembered();
  offline.revoke({ what: 'session', subject: crypto.randomUUID(), person: hanako.person });
  assert.equal(why(offline.find(card)), 'allowed', 'a session that was ended takes nobody’s card away');
});

test('a revocation that comes while a login is just being kept leaves nothing of it', async () => {
  for (const [what, subject, person] of [
    ['card', crypto.randomUUID(), hanako.person],
    ['person', hanako.person, null],
    ['terminal', crypto.randomUUID(), null],
  ] as const) {
    const offline = await desk.run();
    const kept = offline.remember(card, hanako, digits(pin));
    offline.revoke({ what, subject, person });
    assert.ok(await offline.settled());
    await kept;
    assert.equal(why(offline.find(card)), 'unknown', what);
  }
  const offline = await desk.run();
  const kept = offline.remember(card, hanako, digits(pin));
  offline.revoke({ what: 'person', subject: crypto.randomUUID(), person: null });
  await kept;
  assert.equal(why(offline.find(card)), 'allowed', 'that was somebody else');
});

test('one that comes while the server’s answer is awaited leaves nothing either', async () => {
  const offline = await desk.run();
  const login = offline.expect(hanako.person);
  offline.revoke({ what: 'person', subject: hanako.person, person: null });
  await offline.remember(card, hanako, digits(pin), login);
  assert.equal(why(offline.find(card)), 'unknown');
  await offline.remember(card, hanako, digits(pin));
  assert.equal(why(offline.find(card)), 'allowed', 'the next login is another one');
});

test('what the server locks while a PIN is looked at is locked, whatever that PIN is', async () => {
  const offline = await remembered();
  const checking = check(offline, pin);
  offline.countRefused(card, true);
  assert.partialDeepStrictEqual(await checking, { kind: 'refused', why: 'locked' });
  assert.equal(why(offline.find(card)), 'locked');
});

test('a right PIN that is looked at beside a wrong one is right, and the wrong one stays counted', async () => {
  const offline = await remembered();
  const [right, wrong] = await Promise.all([check(offline, pin), check(offline, '00000000')]);
  assert.equal(right.kind, 'right');
  assert.partialDeepStrictEqual(wrong, { kind: 'wrong', triesLeft: 1 });
  assert.partialDeepStrictEqual(await check(offline, '00000000'), { kind: 'wrong', triesLeft: 0 });
});

test('the hours are counted from the login, whatever is done to the clock, and nothing is thrown away', async () => {
  const offline = await remembered();
  desk.pass(23 * hour);
  desk.setClock(-22 * hour);
  assert.equal(why(offline.find(card)), 'allowed');
  desk.pass(hour + 1);
  assert.equal(why(offline.find(card)), 'too-old', 'set back it lasts no longer');
  desk.setClock(30 * 24 * hour);
  assert.equal(why((await desk.run({ contact: false })).find(card)), 'too-old');
  desk.setClock(-30 * 24 * hour + 22 * hour);
  const again = await desk.run();
  await again.remember(card, hanako, digits(pin));
  assert.equal(why(again.find(card)), 'allowed');
});

test('a clock that was set back while the machine was off lets nobody in until the server is there', async () => {
  await remembered();
  desk.pass(2 * hour);
  await desk.run({ contact: false });
  desk.reboot();
  desk.setClock(-3 * hour);
  const offline = await desk.run({ contact: false });
  assert.equal(offline.now(), null);
  assert.equal(why(offline.find(card)), 'clock');
  assert.equal(offline.until(), null);
});

test('nor does it where the file that says how late it was is put back as well', async () => {
  await remembered();
  await desk.run({ contact: false });
  const file = join(desk.folder, 'time.json');
  const before = readFileSync(file);
  desk.pass(30 * hour);
  assert.equal(why((await desk.run({ contact: false })).find(card)), 'too-old');
  desk.reboot();
  desk.setClock(-29 * hour);
  // As whoever takes the disk out of a machine that is off can do.
  const offline = await desk.run({ contact: false, before: () => writeFileSync(file, before) });
  assert.deepEqual([offline.now(), why(offline.find(card))], [null, 'clock']);
});

test('nor where that file is taken away or is that of another terminal', async () => {
  const elsewhere = createDesk();
  try {
    await elsewhere.run();
    await elsewhere.run();
    await remembered();
    await desk.run({ contact: false });
    const file = join(desk.folder, 'time.json');
    for (const spoil of [() => rmSync(file), () => cpSync(join(elsewhere.folder, 'time.json'), file)]) {
      desk.reboot();
      const offline = await desk.run({ contact: false, before: spoil });
      assert.deepEqual([offline.now(), why(offline.find(card))], [null, 'clock']);
    }
  } finally {
    await elsewhere.remove();
  }
});

test('a clock that was set forward while the machine was off ends the hours and loses nothing', async () => {
  await remembered();
  desk.reboot();
  desk.setClock(48 * hour);
  assert.equal(why((await desk.run({ contact: false })).find(card)), 'too-old');
  desk.setClock(-48 * hour);
  assert.equal(why((await desk.run()).find(card)), 'allowed', 'as soon as the server has said what time it is');
});

test('three days asleep are three days', async () => {
  const offline = await remembered();
  desk.pass(72 * hour);
  assert.equal(why(offline.find(card)), 'too-old');
});

test('what the server said last that holds is there at a start without it', async () => {
  const offline = await desk.run();
  assert.equal(offline.policy(), undefined);
  offline.keepPolicy({ ...policy, helpdesk: '7777' });
  assert.ok(await offline.settled());
  assert.equal((await desk.run({ contact: false })).policy()?.helpdesk, '7777');
});
