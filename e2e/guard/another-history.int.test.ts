/**
 * A server shows another history of its log than before: its database was put back by hand to an older one, and nothing
 * beside it remembers. Who finds that out are the terminals, which kept a checkpoint.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { EventFacts } from '#contract/audit.ts';
import { run } from '#setup/run.ts';
import { until } from '../world.ts';
import { type Hospital, openHospital } from './hospital.ts';

let hospital: Hospital;
before(async () => {
  hospital = await openHospital();
});
after(() => hospital.stop());

const list = async (kind: EventFacts['kind']) =>
  (await hospital.admin.do('events/list', { query: { kind, limit: 200 } })).events;
/** Lines that the newest checkpoint covers. */
const sizeOf = (note: string | null): number => Number(note?.split('\n')[1] ?? 0);
const signed = async (): Promise<number> => sizeOf((await hospital.admin.do('log/show')).checkpoint);

interface Kept {
  readonly checkpoint: string;
  readonly forked: { readonly why: string } | null;
}
const keptPath = (): string => join(hospital.ward.folder, 'log-witness.json');
const kept = (): Kept | undefined => {
  try {
    return JSON.parse(readFileSync(keptPath(), 'utf8')) as Kept;
  } catch {
    return undefined;
  }
};
/** A terminal looks within half a minute after its start. */
const lookAgain = async (what: string, done: () => boolean | Promise<boolean>): Promise<void> => {
  await hospital.ward.stop();
  await hospital.ward.start();
  await until(what, done, 60_000);
};
const copy = async (from: string, to: string): Promise<void> => {
  // With its owner, who is another user.
  const { error, ok } = await run('cp', ['-a', from, to], { within: 20_000 });
  assert.ok(ok, error);
};

test('another history is refused by a terminal and is an alarm in the log, while people log in as ever', async () => {
  const { folder, ward } = hospital;
  const cluster = join(folder, 'server', 'postgres', 'cluster');
  const older = join(folder, 'older');
  await hospital.stopServers();
  await copy(cluster, older);
  await hospital.startFirst();
  await hospital.signIn();
  await ward.logIn();
  const before = await signed();
  await lookAgain('the terminal keeps what it was shown', () => sizeOf(kept()?.checkpoint ?? null) >= before);

  // Where it cannot keep anything, people log in all the same.
  await ward.stop();
  await copy(keptPath(), join(folder, 'kept'));
  rmSync(keptPath());
  mkdirSync(keptPath());
  await ward.start();
  await ward.logIn();
  await ward.stop();
  rmSync(keptPath(), { recursive: true });
  await copy(join(folder, 'kept'), keptPath());
  const agreed = kept()?.checkpoint;
  assert.ok(agreed);

  await hospital.stopServers();
  rmSync(cluster, { recursive: true });
  await copy(older, cluster);
  rmSync(join(folder, 'server', 'log-seen.json'), { force: true });
  await hospital.startFirst();
  await hospital.signIn();
  await lookAgain('the alarm is in the log', async () => (await list('log.forked')).length > 0);
  const [alarm, ...others] = await list('log.forked');
  assert.deepEqual([alarm?.outcome, alarm?.terminal, others], ['major', ward.id(), []]);
  assert.match(alarm?.reason ?? '', /^(smaller|growth|root)$/);
  assert.deepEqual(await list('log.rolled-back'), [], 'the server itself remembers nothing');
  assert.equal(kept()?.checkpoint, agreed, 'what the terminal believes is what it saw before');
  assert.equal(kept()?.forked?.why, alarm?.reason);
  await ward.logIn();
  const began = (await list('session.began')).length;
  await ward.logIn();
  assert.equal((await list('session.began')).length, began + 1, 'with the word of the server');
});
