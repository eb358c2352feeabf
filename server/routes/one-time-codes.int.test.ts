import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { generateSync } from 'otplib';
import type { TerminalId } from '#contract/ids.ts';
import { beginRecovery } from '../recovery.ts';
import { announce, revoke } from '../store/terminals.ts';
import { createUuid } from '../store/uuid.ts';
import {
  type Answered,
  createKeys,
  createRequest,
  startTestServer,
  type TestSender,
  type TestServer,
} from '../testing.ts';
import { nextStep, password } from '../testing-browser.ts';
import { type Clinician, makeClinician } from '../testing-login.ts';
import { mustTakeAsLong } from '../testing-times.ts';
import { createToken, createTypedCode, hashTypedCode } from '../tokens.ts';

let server: TestServer;
let request: string;
before(async () => {
  server = await startTestServer();
  request = await createRequest(await createKeys());
});
after(() => server.close());

const at = (localAddress: string): TestSender => ({
  ...server.sender({ localAddress }),
  headers: { origin: server.origin },
});
const minute = 61_000;

/** Answers are the same to the letter, and none comes sooner than another. */
const mustBeAlike = async (asked: Readonly<Record<string, () => Promise<Answered>>>, rounds: number): Promise<void> => {
  const said = new Set<string>();
  const each = Object.entries(asked).map(([name, ask]) => [
    name,
    async () => {
      const { status, body } = await ask();
      said.add(JSON.stringify([status, body]));
      // Nobody may ask as often as this within a minute.
      server.advance(Math.ceil(minute / Object.keys(asked).length));
    },
  ]);
  await mustTakeAsLong(Object.fromEntries(each), { rounds, apart: 2, share: 0.3 });
  assert.deepEqual([...said], [JSON.stringify([403, { failure: { code: 'ENROLMENT_REFUSED' } }])]);
};

describe('the code by which a terminal is enrolled', () => {
  const enrol = (code: string, from: TestSender = server.anyone, given = request): Promise<Answered> =>
    server.call(from, 'terminals/enrol', { body: { code, request: given } });
  const announceOne = async (lasts = 24 * 3_600_000): Promise<{ readonly id: TerminalId; readonly code: string }> => {
    const [id, code] = [createUuid(server.now()) as TerminalId, createTypedCode()];
    const expiresAt = new Date(server.now().getTime() + lasts);
    const toAnnounce = {
      id,
      name: `ward-${id}`,
      place: '',
      group: '',
      codeHash: hashTypedCode(code),
      expiresAt,
      by: null,
    };
    await announce(server.database, server.now(), toAnnounce);
    return { id, code };
  };

  it('cannot be told from one that never was: used, too old, taken back, or come with a bad request', async () => {
    const [used, old, dropped, bad] = [
      await announceOne(),
      await announceOne(1),
      await announceOne(),
      await announceOne(),
    ];
    assert.equal((await enrol(used.code)).status, 200);
    await revoke(server.database, server.now(), dropped.id);
    const badRequest = `-----BEGIN CERTIFICATE REQUEST-----\n${'A'.repeat(200)}\n-----END CERTIFICATE REQUEST-----\n`;
    await enrol(bad.code, server.anyone, badRequest);
    await mustBeAlike(
      {
        unknown: () => enrol(createTypedCode()),
        used: () => enrol(used.code),
        old: () => enrol(old.code),
        dropped: () => enrol(dropped.code),
        'used up by a bad request': () => enrol(bad.code),
      },
      40,
    );
  });

  it('enrols once though it comes 200 times at once', async () => {
    server.advance(minute);
    const { id, code } = await announceOne();
    const from = Array.from({ length: 20 }, (_, place) => at(`127.0.3.${place + 1}`));
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, place) => enrol(code, from[place % 20] as TestSender)),
    );
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    const codes = new Set(answers.map((answered) => answered.code));
    assert.deepEqual(
      [...codes].filter((one) => one !== undefined && one !== 'SERVER_BUSY'),
      ['ENROLMENT_REFUSED'],
    );
    const enrolled = await server.database.query(
      `select 1 from event where kind = 'terminal.enrolled' and terminal = $1`,
      [id],
    );
    assert.equal(enrolled.length, 1);
  });

  it('is looked for ten times a minute from one address, though 200 come at once, and that keeps nobody else out', async () => {
    server.advance(minute);
    const [guessing, other] = [at('127.0.4.1'), at('127.0.4.2')];
    const { code } = await announceOne();
    const answers = await Promise.all(Array.from({ length: 200 }, () => enrol(createTypedCode(), guessing)));
    assert.equal(answers.filter((answered) => answered.code === 'ENROLMENT_REFUSED').length, 10);
    assert.equal(answers.filter((answered) => answered.code === 'SERVER_BUSY').length, 190);
    assert.equal((await enrol(code, guessing)).code, 'SERVER_BUSY');
    assert.equal((await enrol(code, other)).status, 200);
    const { code: next } = await announceOne();
    server.advance(minute);
    assert.equal((await enrol(next, guessing)).status, 200);
    // What was right is no guess: ten terminals and more are enrolled from one place.
    for (let count = 0; count < 12; count += 1)
      assert.equal((await enrol((await announceOne()).code, other)).status, 200);
  });
});

describe('a link of recovery', () => {
  const recover = async (person: Clinician) => {
    const given = { database: server.database, secrets: server.secrets, now: server.now() };
    return (await beginRecovery(given, person.person.number, 'root')).code;
  };
  const makeAdmin = () => makeClinician(server, { roles: ['admin'], password });
  const open = (code: string, from: TestSender = server.anyone) =>
    server.call(from, 'console/open-invitation', { body: { code } });
  const accept = (code: string, totp: string, from: TestSender = server.anyone) =>
    server.call(from, 'console/accept-invitation', { body: { code, totp, password: 'a river in the evening' } });
  const totpOf = async (code: string): Promise<string> => {
    const { uri } = (await open(code)).body as { uri: string };
    const secret = new URL(uri).searchParams.get('secret') ?? '';
    return generateSync({ secret, epoch: Math.floor(server.now().getTime() / 1000) });
  };

  it('cannot be told from one that never was: used, replaced, guessed at, of somebody suspended', async () => {
    server.advance(minute);
    nextStep(server);
    const [first, second, third, fourth] = await Promise.all(Array.from({ length: 4 }, makeAdmin));
    assert.ok(first && second && third && fourth);
    const used = await recover(first);
    assert.equal((await accept(used, await totpOf(used))).status, 200);
    const replaced = await recover(second);
    await recover(second);
    const guessed = await recover(third);
    for (const _ of Array(10)) assert.equal((await accept(guessed, '000000')).code, 'TOTP_WRONG');
    const suspended = await recover(fourth);
    await server.database.query(`update person set state = 'suspended' where id = $1`, [fourth.person.id]);
    const codes = { used, replaced, guessed, suspended };
    const asked = (ask: (code: string) => Promise<Answered>) => ({
      unknown: () => ask(createToken()),
      ...Object.fromEntries(Object.entries(codes).map(([name, code]) => [name, () => ask(code)])),
    });
    await mustBeAlike(asked(open), 30);
    await mustBeAlike(
      asked((code) => accept(code, '000000')),
      15,
    );
  });

  it('works once though 200 open it at once, and takes ten wrong codes of 200 that come at once', async () => {
    server.advance(minute);
    const [person, guessedAt] = [await makeAdmin(), await makeAdmin()];
    const code = await recover(person);
    nextStep(server);
    const totp = await totpOf(code);
    const answers = await Promise.all(Array.from({ length: 200 }, () => accept(code, totp)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    const sessions = await server.database.query('select 1 from console_session where person = $1', [person.person.id]);
    assert.equal(sessions.length, 1);

    server.advance(minute);
    const guessed = await recover(guessedAt);
    nextStep(server);
    const right = await totpOf(guessed);
    const wrong = Array.from({ length: 200 }, (_, place) => String(100_000 + place)).filter((one) => one !== right);
    // One place to hash in lets few of them in at a time: they come until none is let in any more.
    for (let round = 0; ; round += 1) {
      const from = at(`127.0.5.${round + 1}`);
      const codes = (await Promise.all(wrong.map((one) => accept(guessed, one, from)))).map(({ code }) => code);
      if (codes.includes('ENROLMENT_REFUSED')) break;
      assert.ok(round < 20, [...new Set(codes)].join());
    }
    const looked = await server.database.query(`select 1 from event where kind = 'totp.refused' and person = $1`, [
      guessedAt.person.id,
    ]);
    assert.equal(looked.length, 10);
    assert.equal((await accept(guessed, right, at('127.0.5.100'))).code, 'ENROLMENT_REFUSED');
  });
});
