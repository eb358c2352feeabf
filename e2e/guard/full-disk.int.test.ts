/** What a guard does that starts while its disk is full, cannot be written, or has lost a file; asked while it is so. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { EventFacts } from '#contract/audit.ts';
import { until } from '../world.ts';
import { type Hospital, openHospital } from './hospital.ts';

let hospital: Hospital;
/** The terminal has a disk of four megabytes: three of its segments and little more. */
let hasDisk = false;

before(async () => {
  hospital = await openHospital();
  const { ward } = hospital;
  await ward.logIn();
  await ward.stop();
  renameSync(ward.folder, `${ward.folder}.before`);
  mkdirSync(ward.folder, { mode: 0o700 });
  hasDisk = tryMount('-t', 'tmpfs', '-o', 'size=4m,mode=700', 'kazasu-test');
  cpSync(`${ward.folder}.before`, ward.folder, { recursive: true, preserveTimestamps: true });
  await ward.start();
  await ward.logIn();
});
after(async () => {
  await hospital.ward.stop();
  if (hasDisk) execFileSync('umount', [hospital.ward.folder]);
  await hospital.stop();
});

/** Where this user may not, these tests cannot be made. */
function tryMount(...words: readonly string[]): boolean {
  try {
    execFileSync('mount', [...words, hospital.ward.folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const ballast = () => join(hospital.ward.folder, 'ballast');
const fill = () => assert.throws(() => writeFileSync(ballast(), Buffer.alloc(8 * 1024 * 1024)), { code: 'ENOSPC' });
const showsWhy = (why: string) =>
  until(why, async () => (await hospital.ward.screen().shows('not-ready', 15_000)).picture.why === why);
const eventsOf = async (kind: EventFacts['kind']) =>
  (await hospital.admin.do('events/list', { query: { terminal: hospital.ward.id(), kind, limit: 200 } })).events;
const countOf = async (kind: EventFacts['kind']): Promise<number> => (await eventsOf(kind)).length;

test('started on a full disk the terminal says so, and goes on by itself when there is room', async (t) => {
  if (!hasDisk) return t.skip('no disk of its own');
  const { ward } = hospital;
  const starts = await countOf('guard.started');
  await ward.stop();
  fill();
  await ward.start();
  await showsWhy('journal-full');
  rmSync(ballast());
  await ward.logIn();
  await until('the start is in the log', async () => (await countOf('guard.started')) === starts + 1, 15_000);
});

test('where policy says so it lets people in by the reserve that it finds', async (t) => {
  if (!hasDisk) return t.skip('no disk of its own');
  const { admin, ward } = hospital;
  const { number, policy } = await admin.do('policies/active');
  const emergency = { ...policy, journal: { whenFull: 'emergency' as const } };
  await admin.do('policies/apply', { body: { policy: emergency, base: number, note: 'test' } });
  await ward.logIn();
  await ward.stop();
  fill();
  await ward.start();
  await until('it is told on the screen', async () => (await ward.screen().shows('ready', 15_000)).diskFull);
  await ward.logIn();
  await hospital.stopServers();
  await until('the server is away', async () => !(await ward.screen().shows('ready', 20_000)).online);
  rmSync(ballast());
  await ward.logIn();
  await hospital.startFirst();
  await hospital.signIn();
  await until('it is said no more', async () => !(await ward.screen().shows('ready', 20_000)).diskFull);
  await until('the log has both', async () => (await countOf('offline.opened')) === 1, 30_000);
});

test('started on a disk that cannot be written it says so, and goes on by itself when it can be', async (t) => {
  if (!hasDisk) return t.skip('no disk of its own');
  const { ward } = hospital;
  const starts = await countOf('guard.started');
  await ward.stop();
  execFileSync('mount', ['-o', 'remount,ro', ward.folder]);
  await ward.start();
  await showsWhy('journal-failed');
  execFileSync('mount', ['-o', 'remount,rw', ward.folder]);
  await ward.logIn();
  await until('the start is in the log', async () => (await countOf('guard.started')) === starts + 1, 15_000);
  assert.equal(await countOf('journal.damaged'), 0);
  assert.equal(await countOf('offline.set-back'), 0);
});

test('with folders in the place of its files it lets people in, and tells what was lost', async () => {
  const { ward } = hospital;
  await ward.stop();
  const names = ['head.json', 'offline.json', 'time.json', 'position.json', 'log-witness.json', 'revocations.json'];
  for (const name of names) {
    rmSync(join(ward.folder, name), { force: true });
    mkdirSync(join(ward.folder, name));
  }
  await ward.start();
  await ward.logIn();
  await until('the log has it', async () => (await countOf('offline.set-back')) === 1, 15_000);
  assert.partialDeepStrictEqual(await eventsOf('journal.damaged'), [{ detail: { journal: 'rolled-back' } }]);
  for (const name of names) rmSync(join(ward.folder, name), { recursive: true });
  await ward.logIn();
});
