import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { RevocationOrder } from '#contract/api/terminals.ts';
import { fail, succeed } from '#contract/errors.ts';
import type { Http } from './http.ts';
import { createLog } from './log.ts';
import { createToldRevocations, type Had, type ToldRevocations } from './told-revocations.ts';

const log = createLog({ level: 'error', now: () => new Date(), write: () => undefined });
const order = (number: number, changes: Partial<RevocationOrder> = {}): RevocationOrder => ({
  number,
  what: 'card',
  subject: randomUUID(),
  person: null,
  at: new Date(Date.UTC(2026, 10, 22) + number * 1000).toISOString(),
  mark: '1.mark',
  ...changes,
});

let folder = '';
let path = '';
/** Numbers of the orders of each call that the server took. */
let brought: number[][] = [];
let refusals = 0;
let heard = Promise.withResolvers<void>();
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'kazasu-told-'));
  path = join(folder, 'revocations.json');
});
after(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  brought = [];
  refusals = 0;
  rmSync(path, { force: true });
});

const call = (async (_name: string, { body }: { body: { orders: RevocationOrder[] } }) => {
  if (refusals > 0) {
    refusals -= 1;
    return fail('SERVER_UNREACHABLE');
  }
  brought.push(body.orders.map(({ number }) => number));
  heard.resolve();
  heard = Promise.withResolvers();
  return succeed({ taken: body.orders.length });
}) as unknown as Http['call'];

const open = (): ToldRevocations => createToldRevocations({ path, call, log, retryEvery: 5 });
/** What is brought to a server that says this. */
const bringTo = async (told: ToldRevocations, had: Had): Promise<number[][]> => {
  const next = heard.promise;
  told.follow(had);
  await next;
  return brought;
};
const nothingLost = (head: number): Had => ({ head, lost: [] });

describe('revocations that a terminal was told', () => {
  test('go back to a server that knows less, also after a start of the guard', async () => {
    const told = open();
    for (const number of [1, 2, 3]) told.keep(order(number));
    await told.stop();
    const again = open();
    assert.deepEqual(await bringTo(again, nothingLost(1)), [[2, 3]]);
    await again.stop();
  });

  test('go back by the numbers that a server has lost, though it has given higher ones since', async () => {
    const told = open();
    for (const number of [4, 5, 6, 1_000_005]) told.keep(order(number));
    const lost = [{ after: 4, upTo: 1_000_004 }];
    assert.deepEqual(await bringTo(told, { head: 1_000_005, lost }), [[5, 6]]);
    await told.stop();
  });

  test('are brought until the server takes them, then not again, and again to one that was put back once more', async () => {
    const told = open();
    told.keep(order(7));
    refusals = 2;
    const lost = [{ after: 6, upTo: 100 }];
    await bringTo(told, { head: 6, lost });
    told.follow({ head: 6, lost });
    told.follow({ head: 101, lost });
    await told.settled();
    assert.deepEqual(brought, [[7]]);
    const anew = [{ after: 3, upTo: 200 }, ...lost];
    assert.deepEqual(await bringTo(told, { head: 3, lost: anew }), [[7], [7]]);
    await told.stop();
  });

  test('that cannot be written are written as soon as they can be', async () => {
    const told = open();
    mkdirSync(path);
    told.keep(order(1));
    await told.settled();
    rmSync(path, { recursive: true });
    while (!existsSync(path)) await wait(2);
    const again = open();
    assert.deepEqual(await bringTo(again, nothingLost(0)), [[1]]);
    for (const one of [told, again]) await one.stop();
  });

  test('that concern a session, or have no mark of a server, are not kept', async () => {
    const told = open();
    told.keep(order(1, { what: 'session' }));
    told.keep(order(2, { mark: undefined }));
    told.keep(order(3));
    assert.deepEqual(await bringTo(told, nothingLost(0)), [[3]]);
    await told.stop();
  });

  test('are sent in portions, and a file that cannot be read keeps nobody from working', async () => {
    writeFileSync(path, '{');
    const told = open();
    for (let number = 1; number <= 60; number += 1) told.keep(order(number));
    await bringTo(told, nothingLost(0));
    while (brought.length < 2) await heard.promise;
    assert.deepEqual(
      brought.map(({ length }) => length),
      [50, 10],
    );
    await told.stop();
    const again = open();
    assert.equal((await bringTo(again, nothingLost(59))).at(-1)?.[0], 60);
    await again.stop();
  });
});
