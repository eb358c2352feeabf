/** The restore drill: a hospital's server is put back from its backup by the commands of an operator, under real guards. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { EventFacts } from '#contract/audit.ts';
import { until } from '../world.ts';
import { type Hospital, openHospital } from './hospital.ts';

let hospital: Hospital;
before(async () => {
  hospital = await openHospital();
});
after(() => hospital.stop());

const list = async (kind: EventFacts['kind']) =>
  (await hospital.admin.do('events/list', { query: { kind, limit: 200 } })).events;

test('a card that was revoked after the backup is refused again, everywhere, once one terminal that was told is back', async () => {
  const { ward, away } = hospital;
  await ward.logIn();
  const said = await hospital.operate('backup');
  const backup = /^(\S+\.age): /m.exec(said)?.[1] ?? assert.fail(said);

  const { people } = await hospital.admin.do('people/list', { query: { search: '100001' } });
  const person = people[0]?.id ?? assert.fail();
  const { cards } = await hospital.admin.do('people/show', { params: { person } });
  const card = cards[0]?.id ?? assert.fail();
  const { revocation } = await hospital.admin.do('cards/revoke', { params: { card }, body: { reason: 'lost' } });
  await until('the terminal was told', async () => {
    const shown = await hospital.admin.do('revocations/show', { params: { number: revocation }, query: {} as never });
    return shown.revocation.receipts.some(({ terminal, state }) => terminal === ward.id() && state === 'confirmed');
  });
  await ward.isRefused();
  await until('it is on the disk', () => readFileSync(join(ward.folder, 'revocations.json'), 'utf8').includes(card));
  await ward.stop();
  await hospital.stopServers();
  await hospital.operate('restore', backup, '--key', join(hospital.folder, 'server', 'backup-key.txt'), '--replace');
  await hospital.startFirst();

  // Nobody who knew is there yet.
  await hospital.signIn();
  const restored = await hospital.admin.do('people/show', { params: { person } });
  assert.equal(restored.cards[0]?.state, 'active');
  await ward.start();
  await until('the revocation was brought back', async () => (await list('revocation.returned')).length === 1, 30_000);
  const now = await hospital.admin.do('people/show', { params: { person } });
  assert.equal(now.cards[0]?.state, 'revoked');
  await ward.isRefused();
  const [returned] = await list('revocation.returned');
  assert.deepEqual([returned?.outcome, returned?.terminal], ['serious', ward.id()]);

  // What the terminal wrote after the backup is there again, each record once.
  const opened = (await list('revocation.issued')).filter(({ detail }) => detail?.['subject'] === card);
  assert.equal(opened.length, 1);
  await until('its journal is whole', async () => {
    const journal = (await hospital.admin.do('events/list', { query: { terminal: ward.id(), limit: 200 } })).events;
    return journal.filter(({ kind }) => kind === 'guard.stopped').length === 1;
  });

  // A terminal that never knew of it.
  await away.start();
  await away.isRefused();
});

test('a part of a journal that cannot be read holds up nothing else of it, and its numbers are told', async () => {
  const { ward } = hospital;
  const starts = async () =>
    (await list('guard.started')).flatMap(({ happenedAt, terminal }) => (terminal === ward.id() ? [happenedAt] : []));
  const said = await hospital.operate('backup');
  const backup = /^(\S+\.age): /m.exec(said)?.[1] ?? assert.fail(said);
  const before = await starts();
  // A run of its own, and so a segment.
  await ward.stop();
  await ward.start();
  await ward.screen().shows('ready', 15_000);
  await ward.stop();
  const journal = join(ward.folder, 'journal');
  const segments = readdirSync(journal).filter((name) => name.endsWith('.jsonl'));
  const newest = join(journal, segments.sort().at(-1) ?? '');
  const numbers = [...readFileSync(newest, 'utf8').matchAll(/"sequence":(\d+)/g)].map(([, number]) => number);
  assert.ok(numbers.length > 1);
  await ward.start();
  await until('the server has both runs', async () => (await starts()).length === before.length + 2);
  const [last] = (await starts())
    .filter((at) => !before.includes(at))
    .sort()
    .reverse();
  await hospital.stopServers();
  rmSync(newest);
  mkdirSync(newest);
  await hospital.operate('restore', backup, '--key', join(hospital.folder, 'server', 'backup-key.txt'), '--replace');
  await hospital.startFirst();
  await hospital.signIn();
  await until('the missing numbers are told', async () => (await list('journal.damaged')).length > 0, 60_000);
  const damaged = (await list('journal.damaged')).map(({ detail, terminal }) => ({ detail, terminal }));
  const detail = { journal: 'unreadable', missing: `${numbers[0]}-${numbers.at(-1)}` };
  assert.deepEqual(damaged, [{ detail, terminal: ward.id() }]);
  assert.deepEqual(
    (await starts()).filter((at) => !before.includes(at)),
    [last],
    'what can be read is there again',
  );
});
