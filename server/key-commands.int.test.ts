import assert from 'node:assert/strict';
import { verify } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { Opened } from '#contract/api/logins.ts';
import type { Pushed, Trust } from '#contract/api/terminals.ts';
import { KeyProblem, NotYet, retireKey, rotateKey } from './key-commands.ts';
import { readKeyRings } from './key-file.ts';
import { listKeys } from './key-list.ts';
import { countKeyUse, rowsOf } from './store/key-use.ts';
import { startTestServer, type TestServer, type TestTerminal } from './testing.ts';
import { commandOn, laterCommandOn, watchKeys } from './testing-keys.ts';
import { failureOf, logIn, makeClinician, mustBegin, prove } from './testing-login.ts';
import { openStream, type TestStream } from './testing-stream.ts';

let first: TestServer;
let second: TestServer;
let terminal: TestTerminal;
let stream: TestStream;
const stops: (() => Promise<void>)[] = [];

before(async () => {
  first = await startTestServer();
  second = await startTestServer({ beside: first });
  for (const server of [first, second]) stops.push(await watchKeys(server));
  terminal = await first.enrol('ward');
  stream = await open(terminal);
});
after(async () => {
  stream.close();
  for (const stop of stops) await stop();
  await second.close();
  await first.close();
});

const open = async (of: TestTerminal, known = of.admission.trustVersion): Promise<TestStream> => {
  const opened = await openStream(first, of, `/v1/terminals/stream?after=0&clock=0&trust=${known}`);
  await opened.next<Pushed>(({ kind }) => kind === 'hello');
  return opened;
};
/** What the connected terminal was told last to trust. */
const lastTrust = (): Trust | undefined =>
  (stream.events as Pushed[]).findLast((event) => event.kind === 'trust')?.trust;
const keepTrust = ({ trustVersion }: Trust) => first.call(terminal, 'terminals/keep-trust', { body: { trustVersion } });
/** The connected terminal keeps whatever it is told to trust, until the command has ended. */
const whileKeeping = async (command: Promise<void>): Promise<void> => {
  let over = false;
  command
    .catch(() => undefined)
    .finally(() => {
      over = true;
    });
  for (let kept = lastTrust(); !over; await wait(10)) {
    const told = lastTrust();
    if (told !== undefined && told.trustVersion !== kept?.trustVersion) await keepTrust(told);
    kept = told;
  }
  await command;
};
const until = async (holds: () => Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + 10_000;
  while (!(await holds())) assert.ok(Date.now() < deadline, 'it did not come to be in time');
};
const rowsOn = async (purpose: Parameters<typeof rowsOf>[1], key: number) =>
  rowsOf(await countKeyUse(first.database), purpose, key);

describe('a rotation', () => {
  for (const purpose of ['card-index', 'pin-pepper', 'sealing'] as const) {
    it(`of ${purpose}: logins go on before, meanwhile and after, at either process`, async () => {
      const people = [await makeClinician(first), await makeClinician(first)];
      let logins = 0;
      const logInEverywhere = async () => {
        for (const server of [first, second]) {
          for (const person of people) {
            await logIn(server, terminal, person);
            logins += 1;
          }
        }
      };
      await logInEverywhere();
      let over = false;
      const going = (async () => {
        while (!over) await logInEverywhere();
      })();
      going.catch(() => undefined);
      const command = commandOn(first);
      await rotateKey(command, purpose);
      over = true;
      await going;
      assert.ok(logins > 4, 'somebody logged in meanwhile');
      await logInEverywhere();
      for (const server of [first, second]) {
        const used = server.keys.rings()[purpose].filter(({ waits }) => waits !== true);
        assert.equal(used.length, 2, 'each process works with the new key');
      }
      for (const person of people) {
        const { attempt } = await mustBegin(second, terminal, person.evidence);
        assert.equal((await prove(second, terminal, attempt, 'totp', person.code())).status, 200);
      }
      assert.deepEqual(command.said.slice(-1), [`${purpose} key 2 is in use`]);
    });
  }

  it('of the grant key: waits until every connected terminal keeps the new one, and goes on where it stopped', async () => {
    const person = await makeClinician(first);
    await assert.rejects(rotateKey(commandOn(first, { patience: 5000 }), 'grant'), (problem: Error) => {
      assert.ok(problem instanceof NotYet);
      assert.match(problem.message, /connected terminals that do not know it yet: ward/);
      return true;
    });
    const trust = lastTrust();
    assert.ok(trust);
    assert.deepEqual(
      trust.grantKeys.map(({ id }) => id),
      [1, 2],
    );
    const during = await logIn(second, terminal, person);
    assert.equal(during.grant.key, 1, 'nothing is signed by a key that a terminal does not know');
    await keepTrust(trust);
    const command = commandOn(first);
    await rotateKey(command, 'grant');
    assert.deepEqual(command.said.at(-1), 'grant key 2 is in use');
    for (const server of [first, second]) {
      const { grant }: Opened = await logIn(server, terminal, person);
      const known = trust.grantKeys.find(({ id }) => id === grant.key);
      assert.equal(grant.key, 2);
      assert.ok(verify(null, Buffer.from(grant.payload), known?.key ?? '', Buffer.from(grant.signature, 'base64url')));
    }
  });

  it('a terminal that was away learns of it before it counts as connected', async () => {
    const away = await first.enrol('away');
    const before = away.admission.trustVersion;
    await whileKeeping(rotateKey(commandOn(first), 'grant'));
    const back = await openStream(first, away, `/v1/terminals/stream?after=0&clock=0&trust=${before}`);
    await back.next<Pushed>(({ kind }) => kind === 'hello');
    const kinds = (back.events as Pushed[]).map(({ kind }) => kind);
    assert.deepEqual(kinds.slice(0, 2), ['trust', 'hello']);
    back.close();
    const [told] = back.events as Extract<Pushed, { kind: 'trust' }>[];
    const again = await openStream(
      first,
      away,
      `/v1/terminals/stream?after=0&clock=0&trust=${told?.trust.trustVersion}`,
    );
    await again.next<Pushed>(({ kind }) => kind === 'hello');
    assert.equal((again.events as Pushed[])[0]?.kind, 'hello', 'it is not told what it keeps');
    again.close();
  });

  it('waits for a process of the server that does not hold the new key, and names it', async () => {
    await first.database.query(
      `insert into key_holder (id, host, started_at, seen_at, version) values (gen_random_uuid(), 'stuck', now(), now(), 'old')`,
    );
    await assert.rejects(rotateKey(commandOn(first, { patience: 300 }), 'card-index'), /do not hold the keys.*stuck/);
    const [, next] = (readKeyRings(first.folder)?.['card-index'] ?? []).slice(-2);
    assert.equal(next?.waits, true, 'the key is not in use');
    await first.database.query(`delete from key_holder where host = 'stuck'`);
    await rotateKey(commandOn(first), 'card-index');
    assert.equal(readKeyRings(first.folder)?.['card-index'].length, 3, 'the same key was put in use');
  });

  it('is in the log, each step once, with who asked for it', async () => {
    const events = await first.database.query<{ kind: string; detail: { key: number; by?: string } }>(
      `select kind, detail from event where kind like 'key.%' and reason = 'grant' order by seq`,
    );
    assert.deepEqual(
      events.map(({ kind, detail }) => `${kind} ${detail.key} ${detail.by}`),
      ['key.made 2 operator', 'key.put-in-use 2 operator', 'key.made 3 operator', 'key.put-in-use 3 operator'],
    );
  });
});

describe('what hangs on an old key', () => {
  it('cards move to the newest at their next tap, revoked records with them', async () => {
    const [tapped, resting] = [await makeClinician(first), await makeClinician(first)];
    await first.database.query(
      `insert into card (id, person, blind_index, technology, assurance, ending, state, enrolled_at)
       select gen_random_uuid(), person, blind_index, technology, assurance, ending, 'revoked', enrolled_at
         from card where id = $1`,
      [tapped.card],
    );
    const old = Math.max(...first.keys.rings()['card-index'].map(({ id }) => id));
    await rotateKey(commandOn(first), 'card-index');
    const before = await rowsOn('card-index', old);
    await mustBegin(second, terminal, tapped.evidence);
    await until(async () => (await rowsOn('card-index', old)) === before - 2);
    await mustBegin(first, terminal, tapped.evidence);
    await assert.rejects(retireKey(laterCommandOn(first), 'card-index', old), /is still needed: \d+ cards/);
    await mustBegin(first, terminal, resting.evidence);
  });

  it('a PIN is hashed under the newest pepper at its next login, and a wrong one changes nothing', async () => {
    const person = await makeClinician(first);
    await rotateKey(commandOn(first), 'pin-pepper');
    const pepperOf = async () =>
      (
        await first.database.query<{ pepper: number }>(
          `select (secret->>'pepper')::int as pepper from credential where person = $1 and kind = 'pin'`,
          [person.person.id],
        )
      )[0]?.pepper;
    const { attempt } = await mustBegin(first, terminal, person.evidence);
    assert.equal((await prove(first, terminal, attempt, 'pin', '60418357')).status, 403);
    const newest = first.secrets.pepper()?.id;
    assert.equal(await pepperOf(), (newest ?? 0) - 1);
    await logIn(second, terminal, person);
    await until(async () => (await pepperOf()) === newest);
    await logIn(first, terminal, person);
  });

  it('seeds and invitations are sealed under the newest by themselves, and open as before', async () => {
    const admin = await first.signIn(['admin']);
    const person = await makeClinician(first, { password: 'thirteen lamps above a ward' });
    const invited = await first.call(admin, 'people/invite', { params: { person: person.person.id }, body: {} });
    const { code } = invited.body as { code: string };
    const textOf = async () =>
      (
        await first.database.query<{ text: string }>(
          `select secret->>'text' as text from credential where person = $1 and kind = 'totp'`,
          [person.person.id],
        )
      )[0]?.text;
    const text = await textOf();
    const old = first.secrets.sealingKey();
    await rotateKey(commandOn(first), 'sealing');
    await until(async () => (await rowsOn('sealing', old)) === 0);
    assert.equal(await textOf(), text, 'the seed itself was not touched');
    await retireKey(laterCommandOn(first), 'sealing', old);
    const { attempt } = await mustBegin(second, terminal, person.evidence);
    assert.equal((await prove(second, terminal, attempt, 'totp', person.code())).status, 200);
    assert.equal((await first.call(first.anyone, 'console/open-invitation', { body: { code } })).status, 200);
  });

  it('is let go of by its exact number alone: cards are revoked, PINs disabled, and nothing of it is taken for damage', async () => {
    const person = await makeClinician(first);
    for (const purpose of ['pin-pepper', 'card-index'] as const) {
      await rotateKey(commandOn(first), purpose);
      const old = Math.max(...first.keys.rings()[purpose].map(({ id }) => id)) - 1;
      const rows = await rowsOn(purpose, old);
      for (const wrong of [rows - 1, rows + 1]) {
        await assert.rejects(retireKey(laterCommandOn(first), purpose, old, wrong), /is still needed/);
      }
      await retireKey(laterCommandOn(first), purpose, old, rows);
      const begun = await first.call(terminal, 'attempts/begin', {
        body: { lock: crypto.randomUUID(), card: person.evidence },
      });
      if (purpose === 'card-index') assert.equal(failureOf(begun).code, 'CARD_REFUSED');
      else assert.deepEqual((begun.body as { factors: string[] }).factors, ['totp']);
    }
    const [card] = await first.database.query<{ state: string; reason: string }>(
      'select state, reason from card where id = $1',
      [person.card],
    );
    assert.deepEqual(card, { state: 'revoked', reason: 'key-retired' });
    const damaged = await first.database.query(`select 1 from event where reason = 'credential-damaged'`);
    assert.equal(damaged.length, 0);
  });
});

describe('a sealing key that is let go of', () => {
  it('takes with it what it alone opens: codes are disabled, invitations gone, and a person can be given new ones', async () => {
    const person = await makeClinician(first);
    const old = first.secrets.sealingKey();
    const lost = await first.database.query<{ secret: object }>(
      `select secret from credential where person = $1 and kind = 'totp'`,
      [person.person.id],
    );
    await rotateKey(commandOn(first), 'sealing');
    await until(async () => (await rowsOn('sealing', old)) === 0);
    // As it is left by a backup of the database from before the rotation.
    await first.database.query(`update credential set secret = $2 where person = $1 and kind = 'totp'`, [
      person.person.id,
      JSON.stringify(lost[0]?.secret),
    ]);
    await assert.rejects(retireKey(laterCommandOn(first), 'sealing', old), /is still needed: 1 seeds/);
    await retireKey(laterCommandOn(first), 'sealing', old, 1);
    const begun = await mustBegin(first, terminal, person.evidence);
    assert.deepEqual(begun.factors, ['pin']);
  });
});

describe('retiring', () => {
  it('refuses the key in use, one that is not there, and letting go of nothing', async () => {
    const newest = Math.max(...first.keys.rings().grant.map(({ id }) => id));
    await assert.rejects(retireKey(commandOn(first), 'grant', newest), /is in use/);
    await assert.rejects(retireKey(commandOn(first), 'grant', 99), KeyProblem);
    await assert.rejects(retireKey(laterCommandOn(first), 'grant', newest - 1, 3), /without --let-go/);
    await retireKey(laterCommandOn(first), 'grant', newest - 1);
    await until(async () => lastTrust()?.grantKeys.some(({ id }) => id === newest - 1) === false);
  });

  it('waits until what was begun with the key before is over', async () => {
    let clock = Date.now();
    await whileKeeping(rotateKey(commandOn(first, { now: () => new Date(clock) }), 'grant'));
    const old = Math.max(...first.keys.rings().grant.map(({ id }) => id)) - 1;
    clock += 34_900;
    const command = commandOn(first, { now: () => new Date(clock) });
    await retireKey(command, 'grant', old);
    assert.match(command.said[0] ?? '', /waiting 1 s/);
  });

  it('takes a key that was made and never used, whose number is not given again', async () => {
    await assert.rejects(rotateKey(commandOn(first, { patience: -1 }), 'sealing'), NotYet);
    const waiting = readKeyRings(first.folder)?.sealing.find(({ waits }) => waits === true);
    assert.ok(waiting);
    await retireKey(laterCommandOn(first), 'sealing', waiting.id);
    await rotateKey(commandOn(first), 'sealing');
    assert.equal(first.secrets.sealingKey(), waiting.id + 1);
  });
});

describe('the list', () => {
  it('names every key, its state and what hangs on it, and shows none', async () => {
    const command = commandOn(first);
    await listKeys(command);
    const text = command.said.join('\n');
    for (const line of [
      /^card-index +\d+ {2}in use/m,
      /^card-index +\d+ {2}old .*cards/m,
      /^ca +1 {2}in use .*Kazasu authority .*certificates/m,
    ]) {
      assert.match(text, line);
    }
    assert.equal(command.said.filter((line) => / holds these keys$/.test(line)).length, 2);
    const rings = readKeyRings(first.folder);
    for (const keys of Object.values(rings ?? {})) for (const { key } of keys ?? []) assert.ok(!text.includes(key));
  });
});
