import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import type { BackupGeneration } from '#contract/api/backups.ts';
import type { EventId } from '#contract/ids.ts';
import type { BackupFacts } from '../store/backups.ts';
import { backupCommands, findBackupProblems } from './backup-problems.ts';

const now = new Date('2026-11-30T06:00:00.000Z');
const hours = (count: number): Date => new Date(now.getTime() + count * 3_600_000);
const newest: BackupGeneration = {
  id: '0192a3b4-0000-7000-8000-000000000001' as EventId,
  at: hours(-5).toISOString(),
  state: 'kept',
  name: 'kazasu-20261130T010000000Z.age',
  folder: '/mnt/backups',
  host: 'kazasu-1',
  bytes: 1000,
  tables: 60,
  rows: 1234,
  recipient: 'age1abc',
  stored: 'stored',
  lockedUntil: hours(700).toISOString(),
  goneAt: null,
  goneBy: null,
};
const well: BackupFacts = {
  newest,
  keep: 7,
  keyBeside: null,
  kept: 7,
  locked: 7,
  lockedUntil: hours(700),
  goesNext: [],
  missedAt: null,
  restored: null,
  practised: null,
};
const kinds = (change: Partial<BackupFacts>): readonly string[] =>
  findBackupProblems({ ...well, ...change }, now).map(({ kind }) => kind);

test('each thing that is wrong with backups is told, and nothing where all is well', () => {
  assert.deepEqual(kinds({}), []);
  assert.deepEqual(kinds({ newest: null, keep: null, kept: 0, locked: 0, lockedUntil: null }), ['none']);
  assert.deepEqual(kinds({ newest: { ...newest, at: hours(-47).toISOString() } }), []);
  assert.deepEqual(kinds({ newest: { ...newest, at: hours(-49).toISOString() } }), ['old']);
  assert.deepEqual(kinds({ newest: { ...newest, stored: 'failed' } }), ['store-failed']);
  assert.deepEqual(kinds({ newest: { ...newest, stored: 'not-asked' } }), ['store-none']);
  assert.deepEqual(kinds({ lockedUntil: hours(-1) }), ['store-unlocked']);
  assert.deepEqual(kinds({ missedAt: hours(-24) }), ['removed-by-somebody']);
  assert.deepEqual(kinds({ missedAt: hours(-31 * 24) }), []);
  assert.deepEqual(kinds({ keyBeside: '/var/lib/kazasu/backup-key.txt' }), ['key-beside']);
});

test('a command makes a backup as the newest one was made, and into the write-once store where it has to be', () => {
  const command = (change: Partial<BackupGeneration>) =>
    findBackupProblems({ ...well, newest: { ...newest, ...change } }, now)[0]?.command;
  const at = hours(-100).toISOString();
  const usual = 'npm run backup -- --to /mnt/backups --recipient age1abc --keep 7';
  assert.equal(command({ at }), `${usual} --write-once`);
  assert.equal(command({ at, stored: 'not-asked' }), usual);
  assert.equal(command({ stored: 'not-asked' }), `${usual} --write-once`);
});

test('a restore is practised with the newest backup, beside the server', () => {
  assert.equal(
    backupCommands(well).practise,
    'npm run restore -- /mnt/backups/kazasu-20261130T010000000Z.age --key backup-key.txt --drill',
  );
});

test('a folder of any name is one word of the command', () => {
  const folder = `/mnt/it's $(touch x) "バックアップ"; #`;
  const { make } = backupCommands({ ...well, newest: { ...newest, folder } });
  const words = make.slice('npm run backup -- '.length);
  const read = execFileSync('/bin/sh', ['-c', `printf '%s\\n' ${words}`], { encoding: 'utf8' });
  assert.deepEqual(read.split('\n').slice(0, 3), ['--to', folder, '--recipient']);
});
