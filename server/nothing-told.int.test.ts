import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { CardEvidence } from '#contract/card.ts';
import { startTestServer, type TestServer, type TestTerminal } from './testing.ts';
import { begin, failureOf, goodPin, makeClinician, makeEvidence, mustBegin, prove } from './testing-login.ts';
import { mustTakeAsLong } from './testing-times.ts';

let server: TestServer;
let terminal: TestTerminal;
before(async () => {
  server = await startTestServer();
  terminal = await server.enrol();
});
after(() => server.close());

const lockPin = (person: string): Promise<unknown> =>
  server.database.query(`update credential set failures = 5, locked_until = $2 where person = $1 and kind = 'pin'`, [
    person,
    new Date(server.now().getTime() + 86_400_000),
  ]);

describe('whoever is refused at the reader', () => {
  it('cannot tell why by size or time: unknown, revoked, suspended, locked, disabled', {
    timeout: 120_000,
  }, async () => {
    const [revoked, suspended, locked, disabled] = await Promise.all([
      makeClinician(server),
      makeClinician(server),
      makeClinician(server, { totp: false }),
      makeClinician(server),
    ]);
    await server.database.query(`update card set state = 'revoked' where id = $1`, [revoked.card]);
    await server.database.query(`update person set state = 'suspended' where id = $1`, [suspended.person.id]);
    await lockPin(locked.person.id);
    await server.database.query(`update credential set state = 'disabled' where person = $1`, [disabled.person.id]);
    const cards: Record<string, () => CardEvidence> = {
      unknown: makeEvidence,
      revoked: () => revoked.evidence,
      suspended: () => suspended.evidence,
      locked: () => locked.evidence,
      disabled: () => disabled.evidence,
    };
    const said = new Set<string>();
    let shown = 0;
    const asked = Object.entries(cards).map(([name, card]) => [
      name,
      async () => {
        const answered = await begin(server, terminal, card());
        assert.equal(answered.code, 'CARD_REFUSED');
        const { supportCode = '' } = failureOf(answered);
        said.add(
          `${answered.status} ${JSON.stringify(answered.body).replace(supportCode, 'X'.repeat(supportCode.length))}`,
        );
        // Nobody at a terminal shows more in a minute.
        shown += 1;
        if (shown % 100 === 0) server.advance(61_000);
      },
    ]);
    await mustTakeAsLong(Object.fromEntries(asked), { rounds: 1_000, apart: 1.5, share: 0.3 });
    assert.equal(said.size, 1, [...said].join());
  });
});

describe('a lock', () => {
  it('holds on every path: the open attempt, another terminal, and with the right PIN', async () => {
    const other = await server.enrol();
    const who = await makeClinician(server);
    const [here, there] = [
      await mustBegin(server, terminal, who.evidence),
      await mustBegin(server, other, who.evidence),
    ];
    await lockPin(who.person.id);
    for (const [at, { attempt }] of [
      [terminal, here],
      [other, there],
    ] as const) {
      const answered = await prove(server, at, attempt, 'pin', goodPin);
      assert.ok(answered.status >= 400, JSON.stringify(answered.body));
    }
    const again = await mustBegin(server, other, who.evidence);
    assert.deepEqual(again.factors, ['totp'], 'the PIN is not even offered');
    const answered = await prove(server, other, again.attempt, 'pin', goodPin);
    assert.ok(answered.status >= 400, JSON.stringify(answered.body));
    const sessions = await server.database.query('select 1 from session where person = $1', [who.person.id]);
    assert.equal(sessions.length, 0);
  });
});

describe('text from outside', () => {
  it('stays in one line of the log, whatever it holds', async () => {
    const nasty = '\r\n{"level":60,"msg":"forged"}\u001b[2J\u202e\u2028';
    const before = server.logged().split('\n').length;
    server.log.info({ name: nasty }, `somebody is called ${nasty}`);
    const lines = server.logged().split('\n');
    assert.equal(lines.length, before + 1);
    const line = lines.at(-2) ?? '';
    assert.ok(!line.includes('\u001b') && !line.includes('\r'));
    assert.equal((JSON.parse(line) as { name: string }).name, nasty);
    const path = `/v1/${encodeURIComponent(nasty)}`;
    assert.equal((await server.send(server.anyone, path)).status, 404);
    for (const each of server.logged().trimEnd().split('\n')) assert.doesNotThrow(() => JSON.parse(each));
  });

  it('with controls or directions in it is no name of a person', async () => {
    const admin = await server.signIn(['admin']);
    for (const name of ['山田\n花子', '山田\u0000', '\u202eadmin', '山田\u001b[31m'])
      for (const body of [
        { number: '777001', name, roles: ['clinician'] },
        { number: name, name: '山田 花子', roles: ['clinician'] },
      ]) {
        const answered = await server.call(admin, 'people/add', { body });
        assert.equal(answered.code, 'REQUEST_INVALID', JSON.stringify(body));
        assert.ok(!JSON.stringify(failureOf(answered)).includes(name), 'nothing is repeated');
      }
  });
});

describe('the server', () => {
  it('reaches out to nobody: there is no code in it that opens a connection but that to its database', () => {
    const here = import.meta.dirname;
    // The commands by which an operator sends backups away are programs of their own: no server loads them.
    const elsewhere = /(^|\/)testing|^fuzz\/|\.test\.ts$|^write-once\/|^(backup|restore)\.ts$/;
    const files = globSync('**/*.ts', { cwd: here }).filter((file) => !elsewhere.test(file));
    assert.ok(files.length > 100);
    const reaching = files.filter((file) =>
      /^import (?!type |\{ STATUS_CODES \}).*from '(undici|node:https?|node:dgram|node:dns)'|\bfetch\(|\bconnect\(\{|tls\.connect|net\.connect|createConnection/m.test(
        readFileSync(`${here}/${file}`, 'utf8'),
      ),
    );
    assert.deepEqual(reaching, []);
  });
});
