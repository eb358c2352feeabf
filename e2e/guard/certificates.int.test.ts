/** Certificates end and authorities are changed under real guards; nobody walks to a terminal. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { until } from '../world.ts';
import { age, type Hospital, openHospital } from './hospital.ts';
import type { Ward } from './ward.ts';

let hospital: Hospital;
before(async () => {
  hospital = await openHospital(10);
});
after(() => hospital.stop());

const endOf = (of: Ward): number => new X509Certificate(of.kept().certificate).validToDate.getTime();
const issuerOf = (of: Ward): string => new X509Certificate(of.kept().certificate).issuer;
const trustedBy = (of: Ward): number | undefined => of.kept().authority.match(/BEGIN/g)?.length;

test('terminals whose certificates ended while nobody served them come back by themselves, and it is in the log', async () => {
  const { admin, ward, away } = hospital;
  assert.ok(endOf(away) < Date.now(), 'it ended days ago');
  await ward.logIn();
  await away.start();
  await away.logIn();
  for (const each of [ward, away]) {
    assert.ok(endOf(each) > Date.now() + 6 * 86_400_000);
    const { events } = await admin.do('events/list', { query: { terminal: each.id(), kind: 'terminal.renewed' } });
    assert.ok(events.some(({ reason, outcome }) => reason === 'lapsed' && outcome === 'serious'));
  }
  await away.stop();
});

test('the authority is changed, also by a command that was killed; every terminal gets a certificate of the new one', async () => {
  const { ward, away } = hospital;
  const before = issuerOf(ward);
  const killed = await hospital.command(['rotate', 'ca'], /is made/);
  assert.equal(killed.code, null, killed.said);
  await ward.logIn();
  assert.match(await hospital.mustDo('rotate', 'ca'), /ca key 2 is in use/);
  const { authorities } = await hospital.shown();
  assert.deepEqual(
    authorities.map(({ id, state }) => [id, state]),
    [
      [1, 'old'],
      [2, 'in-use'],
    ],
  );
  await until('the connected one has renewed', () => issuerOf(ward) !== before, 30_000);
  await ward.logIn();
  assert.match((await hospital.command(['retire', 'ca', '1'])).said, /still needed: 1 certificates of terminals/);
  assert.match(await hospital.mustDo('list'), /terminals with a certificate of authority 1: away/);

  assert.equal(trustedBy(away), 1, 'it slept through all of it');
  await away.start();
  await away.logIn();
  await until('the other one has renewed', () => issuerOf(away) !== before, 30_000);
  await away.logIn();
  age(hospital.folder);
  assert.match(await hospital.mustDo('retire', 'ca', '1'), /ca key 1 is retired/);
  for (const each of [ward, away]) {
    await until('it trusts the new one alone', () => trustedBy(each) === 1, 15_000);
    await each.logIn();
  }
  await away.stop();
  await away.start();
  await away.logIn();
  await hospital.signIn();
});

test('a revoked terminal takes a new code by its settings alone, and keeps aside what it was', async () => {
  const { admin, away } = hospital;
  const was = away.id();
  await admin.do('terminals/revoke', { params: { terminal: was }, body: { reason: 'retired' } });
  await until('it says so', async () => (await away.screen().shows('not-ready')).picture.why === 'terminal-revoked');
  await away.stop();
  const code = await hospital.announce('away again');
  await away.start(code);
  await until('it is another one', () => away.id() !== was, 15_000);
  await away.stop();
  // The code stays in its settings.
  await away.start(code);
  await away.logIn();
  assert.ok(readdirSync(away.folder).some((name) => name.startsWith('journal.before-')));
  const { events } = await admin.do('events/list', { query: { terminal: away.id(), kind: 'guard.started' } });
  assert.ok(events.some(({ detail }) => detail['former'] === was));
});
