/** A harness that finds nothing proves nothing: here something is wrong on purpose, and it has to say what. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { node, root } from '#setup/paths.ts';
import { run } from '#setup/run.ts';
import { until } from '../world.ts';
import type { NewEntry } from './account.ts';
import { journalShortened } from './kinds/journals.ts';
import { play } from './play.ts';
import type { Site } from './site.ts';

const calm = { seed: 1, milliseconds: 3_000, faults: [] };

/** Somebody is let in while the server is away, and what the terminal has of it goes as if it had never written it. */
const loseLogin = async (site: Site): Promise<void> => {
  const links = Object.values(site.links.ward);
  for (const link of links) {
    link.change({ refuses: true });
    link.cut();
  }
  const { ward } = site.terminals;
  await until('the terminal is alone', () => !ward.isOnline(), 15_000);
  const [careful] = site.people;
  assert.ok(careful);
  assert.equal(await ward.logIn(careful, 'right'), 'opened');
  await ward.leave();
  const write = (one: NewEntry): void => (one.kind === 'spoilt' ? undefined : site.account.write(one));
  const silent = { ...site, account: { ...site.account, write } };
  await journalShortened({ site: silent, terminal: 'ward', server: 'first', dice: 0.5 });
  for (const link of links) link.change({});
  await ward.ward.guard().whenReady();
};

/** A line of the log is another one in the database, with its hash left as it was. */
const forgeLine = async (site: Site): Promise<void> => {
  const program = `
    import pg from 'pg';
    const client = new pg.Client(process.env.DATABASE_URL);
    await client.connect();
    // The table itself refuses any change; whoever has the database can take that away.
    await client.query('set session_replication_role = replica');
    const { rowCount } = await client.query("update event set reason = 'forged' where kind = 'terminal.announced'");
    await client.end();
    if (rowCount === 0) process.exit(1);`;
  const env = { PATH: process.env['PATH'], DATABASE_URL: site.database.address };
  const { ok, error } = await run(node, ['--input-type=module', '-e', program], { cwd: root, env });
  assert.ok(ok, error);
};

test('a login that a terminal forgets is found, and named', async () => {
  const { violations } = await play(calm, { tell: () => undefined, tamper: loseLogin });
  assert.ok(violations.length > 0);
  const broken = [...new Set(violations.map(({ invariant }) => invariant))];
  assert.deepEqual(broken, ['I1'], JSON.stringify(violations));
  assert.match(violations[0]?.what ?? '', /^(login \d+: its opening|opened and never locked)/);
});

test('a line of the log that was changed in the database is found, and its place is named', async () => {
  const { violations } = await play(calm, { tell: () => undefined, tamper: forgeLine });
  assert.deepEqual(
    violations.map(({ invariant }) => invariant),
    ['I3'],
  );
  assert.match(violations[0]?.what ?? '', /NOT VERIFIED at position \d+: the line is not the one that was hashed/);
});
