import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { StoredEvent } from '#contract/audit.ts';
import { readJournal } from '../faults/journal.ts';
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

test('an older copy that was made during the same run is seen where it takes away an opening without the server', async () => {
  const { ward } = hospital;
  const path = (name: string) => join(ward.folder, name);
  const own = ['journal', 'head.json', 'position.json'] as const;
  await hospital.stopServers();
  await until('the terminal goes on alone', async () => !(await ward.screen().shows('ready', 20_000)).online);
  await until('all that was written is known outside', () => {
    const { head } = JSON.parse(readFileSync(path('head.json'), 'utf8'));
    return head?.sequence === readJournal(path('journal')).at(-1)?.sequence;
  });
  for (const name of own) cpSync(path(name), path(`copy/${name}`), { recursive: true });
  await ward.logIn();
  ward.guard().kill('SIGSTOP');
  const taken = readJournal(path('journal'))
    .filter(({ facts }) => facts.kind === 'offline.opened')
    .at(-1);
  for (const name of own) {
    rmSync(path(name), { recursive: true });
    cpSync(path(`copy/${name}`), path(name), { recursive: true });
  }
  ward.guard().kill('SIGKILL');
  await ward.guard().whenReady();
  await ward.join();
  await hospital.startFirst();
  await hospital.signIn();
  const [damaged] = await until('the alarm', async () => {
    const events = await eventsOf('journal.damaged');
    return events.length > 0 && events;
  });
  assert.equal(damaged?.detail['journal'], 'rolled-back');
  const [from, to] = String(damaged?.detail['missing']).split('-').map(Number);
  assert.ok(taken && from !== undefined && from <= taken.sequence && taken.sequence <= (to ?? from));
  const { terminals } = await hospital.admin.do('terminals/list', { query: {} });
  assert.equal(terminals.find(({ id }) => id === ward.id())?.state, 'active', 'it goes on under another epoch');
});
