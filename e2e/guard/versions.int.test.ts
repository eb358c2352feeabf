/**
 * Versions are changed while people log in: servers and a guard of the version before the newest migration, out of the
 * repository's own history, beside those of now. Nobody is refused, nothing is lost, and all of it can be taken back.
 */
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { PersonSummary } from '#contract/api/people.ts';
import { failures } from '#contract/errors.ts';
import { type ServerHouse, startServer } from '#setup/house.ts';
import { openKeyring } from '#setup/keyring.ts';
import { root } from '#setup/paths.ts';
import { createStops } from '#setup/stops.ts';
import { iso14443a } from '../card/cards.ts';
import { becomeFirstAdmin, createClient } from '../client.ts';
import { startDatabase } from '../faults/database.ts';
import { readJournal } from '../faults/journal.ts';
import { createRawTerminal, type RawTerminal } from '../raw-terminal.ts';
import { freePort, until } from '../world.ts';
import { tryLayOutVersionBefore } from './version-before.ts';
import { createWard, type Means } from './ward.ts';

const stops = createStops();
after(stops.stop);

/** Several at once, so that one may be under way at any moment. */
const terminalCount = 3;
const identifiers = Array.from({ length: terminalCount }, (_, place) => `04A1B2C3D4E5${(0xb0 + place).toString(16)}`);
const pin = '40718293';

interface Flow {
  /** Sessions that servers have granted. */
  readonly sessions: string[];
  /** What nobody should have been told. */
  readonly refused: string[];
  /** Of the slowest login, with all that it took to find a server (milliseconds). */
  longest(): number;
  /** Resolves when so many more have got in. */
  goOn(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** Terminals as the version before has them, by requests alone; one that finds no server asks the next one, as guards do. */
const logInOverAndOver = (terminals: readonly (readonly RawTerminal[])[]): Flow => {
  const sessions: string[] = [];
  const refused: string[] = [];
  let [over, longest] = [false, 0];
  const ask = async (servers: readonly RawTerminal[], path: string, body: object) => {
    for (const end = performance.now() + 20_000; performance.now() < end; await delay(20)) {
      for (const server of servers) {
        const answer = await server.post(path, body).catch(() => undefined);
        const failure = answer?.body.failure;
        if (answer === undefined || (failure !== undefined && failures[failure.code].retry)) continue;
        if (failure !== undefined) refused.push(`${path}: ${failure.code}`);
        return failure === undefined ? answer.body : undefined;
      }
    }
    refused.push(`${path}: no server`);
    return undefined;
  };
  const logIn = async (servers: readonly RawTerminal[], identifier: string): Promise<void> => {
    const began = performance.now();
    const card = { technology: 'iso14443a', identifier, assurance: 'identifier' };
    const begun = await ask(servers, '/v1/attempts', { lock: randomUUID(), card });
    if (begun === undefined) return;
    const idempotencyKey = randomBytes(16).toString('base64url');
    const { attempt, ticket } = begun;
    const proved = await ask(servers, `/v1/attempts/${attempt}/proofs`, {
      ticket,
      factor: 'pin',
      secret: pin,
      idempotencyKey,
    });
    if (proved?.['kind'] !== 'open') return;
    sessions.push(String(proved['session']));
    longest = Math.max(longest, performance.now() - began);
  };
  const all = Promise.all(
    terminals.map(async (servers, place) => {
      while (!over) await logIn(servers, (identifiers[place] ?? '').toUpperCase());
    }),
  );
  return {
    sessions,
    refused,
    longest: () => longest,
    async goOn(count) {
      const from = sessions.length;
      await until('logins go on', () => sessions.length >= from + count, 60_000);
    },
    async stop() {
      over = true;
      await all;
    },
  };
};

test('versions change under people who log in: nobody is refused, no event is lost, and it can be taken back', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-versions-'));
  // PostgreSQL runs as another user when this is root.
  chmodSync(folder, 0o711);
  stops.add(() => rmSync(folder, { recursive: true, force: true }));
  const before = await tryLayOutVersionBefore(folder);
  if (before === undefined) return t.skip('the history of the repository is not here');
  t.diagnostic(`from ${before.commit}, which does not know ${before.migrations.join(', ')}`);
  assert.ok(before.migrations.length > 0);

  mkdirSync(join(folder, 'disk'), { mode: 0o711 });
  const database = await startDatabase(join(folder, 'disk'));
  stops.add(database.stop);
  // The one that is there has the schema of now.
  const maintenance = new pg.Client({ connectionString: database.address });
  await maintenance.connect();
  await maintenance.query('create database of_before');
  await maintenance.end();
  const address = Object.assign(new URL(database.address), { pathname: '/of_before' }).href;
  const keyring = await openKeyring({ folder: join(folder, 'keyring'), own: true });
  stops.add(keyring.stop);
  const ports = { first: await freePort(), second: await freePort() };
  const houses = new Map<keyof typeof ports, ServerHouse>();
  stops.add(async () => {
    for (const house of houses.values()) await house.stop();
  });
  const serve = async (name: keyof typeof ports, tree: string): Promise<ServerHouse> => {
    const env = { KAZASU_DATA: join(folder, 'first'), DATABASE_URL: address };
    const house = await startServer({ folder: join(folder, name), port: ports[name], env, tree });
    houses.set(name, house);
    return house;
  };
  const change = async (name: keyof typeof ports, tree: string): Promise<void> => {
    await houses.get(name)?.stop();
    await serve(name, tree);
  };
  const client = new pg.Client({ connectionString: address });
  const ran = async (): Promise<number> => {
    const { rows } = await client.query<{ name: string }>('select name from migration');
    return rows.filter(({ name }) => before.migrations.some((path) => path.endsWith(`/${name}.sql`))).length;
  };

  // All of the version before.
  const first = await serve('first', before.tree);
  await client.connect();
  stops.add(() => client.end());
  const admin = createClient(first.origin, first.authority);
  stops.add(() => admin.close());
  await becomeFirstAdmin(admin, first.firstAdmin() ?? '');
  const second = await serve('second', before.tree);
  assert.equal(await ran(), 0);
  let tree = before.tree;
  const both = { origin: [second.origin, first.origin].join(), authority: first.authority };
  const wardOptions = { folder, name: 'ward', server: () => both, keyring, stops, tree: () => tree };
  const ward = await createWard(wardOptions);
  const { code } = await admin.do('terminals/announce', { body: { name: 'ward', place: '3階東病棟' } });
  await ward.start(code);
  const add = async (number: string): Promise<PersonSummary> =>
    (await admin.do('people/add', { body: { number, name: '看護 花子', kana: 'カンゴ ハナコ', roles: ['clinician'] } }))
      .person;
  await ward.enrol(admin, await add('100000'));
  for (const [place, identifier] of identifiers.entries()) {
    const means: Means = { card: iso14443a(identifier.toUpperCase()), pin };
    await ward.enrol(admin, await add(`10000${place + 1}`), means);
  }
  const terminals = await Promise.all(
    identifiers.map(async (_, place) => {
      const one = await createRawTerminal({ admin, folder, server: first }, `raw-${place}`);
      const atSecond = one.at(second.origin);
      stops.add(async () => {
        await one.close();
        await atSecond.close();
      });
      return place % 2 === 0 ? [one, atSecond] : [atSecond, one];
    }),
  );
  const flow = logInOverAndOver(terminals);
  stops.add(flow.stop);
  await ward.logIn();
  await flow.goOn(5);

  // One process is of now: it changes the schema under the other one, which goes on.
  await change('second', root);
  assert.equal(await ran(), before.migrations.length);
  await ward.logIn();
  await flow.goOn(10);
  await change('first', root);
  await ward.logIn();
  await flow.goOn(5);

  // The guard of before at servers of now; then that of now on its journal, and the one of before again.
  for (const next of [root, before.tree]) {
    await ward.stop();
    tree = next;
    await ward.start();
    await ward.logIn();
  }

  // Taken back, one after the other, on the schema of now.
  await change('second', before.tree);
  await ward.logIn();
  await flow.goOn(5);
  await change('first', before.tree);
  await ward.logIn();
  await flow.goOn(5);
  await flow.stop();

  t.diagnostic(`${flow.sessions.length} logins, the slowest in ${Math.round(flow.longest())} ms`);
  assert.deepEqual(flow.refused, []);
  const { rows } = await client.query<{ session: string; count: number }>(
    `select session, count(*)::int as count from event where kind = 'session.began' and session = any($1) group by 1`,
    [flow.sessions],
  );
  assert.deepEqual(
    rows.filter(({ count }) => count !== 1),
    [],
  );
  assert.equal(rows.length, flow.sessions.length, 'each of them is in the log');
  await ward.stop();
  const journal = readJournal(join(ward.folder, 'journal')).map(({ hash }) => hash);
  const opened = readJournal(join(ward.folder, 'journal')).filter(({ facts }) => facts.kind === 'screen.opened');
  assert.equal(opened.length, 7, 'every login at the terminal');
  // What it wrote at its very end comes when it is there again.
  await ward.start();
  await until(
    'the log has every record of the terminal, once',
    async () => {
      const stored = await client.query<{ hash: string }>('select hash from event where hash = any($1)', [journal]);
      return (
        stored.rows.length === journal.length && new Set(stored.rows.map(({ hash }) => hash)).size === journal.length
      );
    },
    30_000,
  );
});
