import assert from 'node:assert/strict';
import { existsSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { PersonId } from '#contract/ids.ts';
import { createNoOffline } from './no-offline.ts';
import { quiet } from './test-journal.ts';
import { card, createDesk, type Desk, digits, hanako, pin } from './test-offline.ts';

let desk: Desk;
let path = '';
beforeEach(() => {
  desk = createDesk();
  path = join(desk.folder, 'offline.json');
});
afterEach(() => desk.remove());

/** A run whose keychain answered; then one whose keychain does not. */
const beginWithout = async () => {
  await (await desk.run()).remember(card, hanako, digits(pin));
  return createNoOffline({ path, log: quiet, retryEvery: 5 });
};
/** The next run, whose keychain answers again. */
const isKnownNext = async (): Promise<boolean> => (await desk.run({ contact: false })).mayKnow(card);

for (const order of [
  { what: 'card', subject: crypto.randomUUID(), person: hanako.person },
  { what: 'person', subject: hanako.person, person: null },
  { what: 'credential', subject: hanako.person, person: null },
  { what: 'terminal', subject: crypto.randomUUID(), person: null },
] as const)
  test(`a revocation of a ${order.what} that is heard while no keychain answers holds once one does`, async () => {
    const without = await beginWithout();
    without.revoke(order);
    assert.ok(await without.settled());
    await without.stop();
    assert.equal(await isKnownNext(), false);
  });

test('one of somebody who is not kept here, or the end of a session, throws nothing away', async () => {
  const without = await beginWithout();
  without.revoke({ what: 'person', subject: crypto.randomUUID(), person: null });
  without.revoke({ what: 'card', subject: crypto.randomUUID(), person: crypto.randomUUID() as PersonId });
  without.revoke({ what: 'session', subject: crypto.randomUUID(), person: hanako.person });
  assert.ok(await without.settled());
  await without.stop();
  assert.ok(await isKnownNext());
});

test('it is not confirmed before what was kept is gone', async () => {
  const without = await beginWithout();
  // A disk that cannot be read: a name that leads to itself.
  const aside = `${path}.aside`;
  renameSync(path, aside);
  symlinkSync(path, path);
  without.revoke({ what: 'person', subject: hanako.person, person: null });
  let isSettled = false;
  const settled = without.settled().then((done) => {
    isSettled = done;
  });
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(isSettled, false);
  rmSync(path);
  renameSync(aside, path);
  await settled;
  assert.ok(isSettled && !existsSync(path));
  await without.stop();
});

test('where nothing was ever kept it is confirmed at once', async () => {
  const without = createNoOffline({ path, log: quiet });
  without.revoke({ what: 'person', subject: hanako.person, person: null });
  assert.ok(await without.settled());
  await without.stop();
});
