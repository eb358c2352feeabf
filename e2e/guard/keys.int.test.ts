/** Keys are changed under real guards and two processes of the server. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../world.ts';
import { age, type Hospital, openHospital } from './hospital.ts';

let hospital: Hospital;
before(async () => {
  hospital = await openHospital();
});
after(() => hospital.stop());

for (const purpose of ['card-index', 'pin-pepper', 'sealing', 'grant'] as const) {
  test(`${purpose}: logins go on while the key is changed, and at a terminal that was away; then the old one goes`, async () => {
    const { ward, away } = hospital;
    const rotating = hospital.command(['rotate', purpose]);
    await ward.logIn();
    const { code, said } = await rotating;
    assert.equal(code, 0, said);
    assert.match(said, new RegExp(`${purpose} key 2 is in use`));
    await ward.logIn();
    await away.start();
    await away.logIn();
    // What hangs on the old one otherwise is of people who have to come by: here the admin's password.
    if (purpose === 'pin-pepper') await hospital.signIn();
    await until('nothing hangs on the old key', async () => {
      const old = (await hospital.shown()).keys.find((key) => key.purpose === purpose && key.id === 1);
      return old?.hanging === 0;
    });
    age(hospital.folder);
    assert.match(await hospital.mustDo('retire', purpose, '1'), /key 1 is retired/);
    await away.logIn();
    await away.stop();
    await ward.logIn();
    const { processes } = await hospital.shown();
    assert.deepEqual(
      processes.map(({ holdsNewest }) => holdsNewest),
      [true, true],
    );
  });
}

test('the command says what is wrong with what it was told', async () => {
  for (const [words, code, said] of [
    [[], 2, /what is to be done/],
    [['rotate', 'everything'], 2, /no purpose/],
    [['retire', 'grant', 'one'], 2, /whole number/],
    [['list', '--let-go', '1'], 2, /--let-go is for retire/],
    [['retire', 'grant', '2'], 1, /is in use/],
    [['retire', 'grant', '1'], 1, /there is no grant key 1/],
  ] as const) {
    const answer = await hospital.command(words);
    assert.equal(answer.code, code, answer.said);
    assert.match(answer.said, said);
  }
});

test('the command works on a server that is stopped', async () => {
  await hospital.stopServers();
  assert.match(await hospital.mustDo('list'), /no process of the server runs/);
  assert.match(await hospital.mustDo('rotate', 'card-index'), /card-index key 3 is in use/);
  await hospital.startFirst();
  await hospital.ward.logIn();
});
