import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { StoredEvent } from '#contract/audit.ts';
import { until } from '../world.ts';
import { type Hospital, openHospital } from './hospital.ts';

let hospital: Hospital;
before(async () => {
  hospital = await openHospital();
});
after(() => hospital.stop());

const eventsOf = async (kind: StoredEvent['kind']): Promise<readonly StoredEvent[]> =>
  (await hospital.admin.do('events/list', { query: { kind } })).events;

test('with every server gone, whoever logged in before works, also after the guard was started anew; the log has it later', async () => {
  const { ward } = hospital;
  await ward.logIn();
  await hospital.stopServers();
  await until('the screen says that it goes on alone', async () => {
    const { online, offlineUntil } = await ward.screen().shows('ready');
    return !online && offlineUntil !== null;
  });
  await ward.logIn();
  await ward.stop();
  await ward.start();
  await until('it does so after a start too', async () => !(await ward.screen().shows('ready', 20_000)).online);
  await ward.logIn();
  await hospital.startFirst();
  await hospital.signIn();
  await until('both are in the log', async () => (await eventsOf('offline.opened')).length === 2, 30_000);
  for (const event of await eventsOf('offline.opened')) {
    assert.equal(event.personName, '看護 花子');
    assert.deepEqual(event.factors, ['card', 'pin']);
    assert.equal(event.detail['assurance'], 'identifier');
  }
  assert.deepEqual(await eventsOf('offline.contested'), []);
});
