import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBacklog } from './backlog.ts';

const storing = () => {
  const open = Promise.withResolvers<void>();
  return { done: open.resolve, stored: open.promise };
};

/** Milliseconds. */
const timeOf = async (work: Promise<void>): Promise<number> => {
  const since = performance.now();
  await work;
  return performance.now() - since;
};

test('what can wait goes on at once while terminals tell of the moment alone', async () => {
  const backlog = createBacklog();
  const report = storing();
  const stored = backlog.during(report.stored);
  assert.ok((await timeOf(backlog.giveWay(60_000))) < 1000);
  report.done();
  await stored;
});

test('gives way while many reports are being stored, and goes on as soon as they are, or one of them failed', async () => {
  const backlog = createBacklog();
  const reports = Array.from({ length: 6 }, storing);
  const stored = reports.map((report) => backlog.during(report.stored));
  let gone = false;
  const giving = backlog.giveWay(60_000).then(() => {
    gone = true;
  });
  // Looks as often as the other, and is let go on by time alone.
  await backlog.giveWay(22);
  assert.equal(gone, false);
  for (const { done } of reports) done();
  await Promise.all([giving, ...stored]);
  const failed = backlog.during(Promise.reject(new Error('away')));
  await assert.rejects(failed, /away/);
  assert.ok((await timeOf(backlog.giveWay(60_000))) < 1000);
});

test('never stops, however long they keep coming', async () => {
  const backlog = createBacklog();
  const reports = Array.from({ length: 6 }, storing);
  const stored = reports.map((report) => backlog.during(report.stored));
  const took = await timeOf(backlog.giveWay(30));
  assert.ok(took >= 200, `${took}`);
  for (const { done } of reports) done();
  await Promise.all(stored);
});
