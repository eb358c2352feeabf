import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { SignedIn } from '#contract/api/console.ts';
import { api } from '#contract/api/index.ts';
import { expire } from '../expiry.ts';
import { startTestServer, type TestServer } from '../testing.ts';
import { flag, type Twist } from '../testing-authenticator.ts';
import { begin, bySecrets, finish, makeOwner, must, openBrowser, signIn, signInBySecrets } from '../testing-browser.ts';
import { eventsWhere, failureOf } from '../testing-login.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const whyRefused = async (supportCode: string | undefined) => {
  const [event] = await eventsWhere(server, 'support_code', supportCode ?? '');
  return event;
};

describe('signing in with a passkey', () => {
  it('takes no name and no password, and gives the same session as password and code', async () => {
    const owner = await makeOwner(server, ['auditor']);
    const browser = openBrowser(server);
    const options = await begin(browser);
    assert.deepEqual([options.rpId, options.userVerification, options.allowCredentials], ['localhost', 'required', []]);
    assert.equal(Buffer.from(options.challenge, 'base64url').length, 32);
    const signed = must<SignedIn>(await finish(browser, owner.authenticator.get(options)));
    assert.equal(signed.person.id, owner.person.id);
    assert.equal(signed.terminal, null);
    assert.match(browser.cookie, /^__Host-kazasu=[\w-]{43}$/);
    assert.equal((await browser.call('console/me')).status, 200);
    const event = (await eventsWhere(server, 'person', owner.person.id)).at(-1);
    assert.deepEqual([event?.kind, event?.outcome, event?.factors], ['console.signed-in', 'success', ['passkey']]);
    const [row] = await server.database.query<{ counter: number; used: Date | null }>(
      'select counter, last_used_at as used from passkey where id = $1',
      [owner.passkey.id],
    );
    assert.ok(row?.used && row.counter === 2);
    assert.equal((await browser.call('events/list')).status, 200);
    assert.equal((await browser.call('people/add', { body: {} })).code, 'CONSOLE_ROLE_MISSING');
  });

  for (const algorithm of ['EdDSA', 'RS256'] as const) {
    it(`takes ${algorithm}, and a passkey that counts nothing`, async () => {
      const owner = await makeOwner(server, ['helpdesk'], { algorithm, counts: false });
      assert.equal(owner.passkey.synced, true);
      for (let times = 0; times < 3; times += 1) must(await signIn(openBrowser(server), owner.authenticator));
    });
  }

  it('is refused with the same words and not sooner, whatever is wrong, and the reason is in the log', async () => {
    const owner = await makeOwner(server);
    const other = await makeOwner(server);
    const suspended = await makeOwner(server);
    await server.database.query(`update person set state = 'suspended' where id = $1`, [suspended.person.id]);
    const demoted = await makeOwner(server);
    await server.database.query(`update person set roles = '{clinician}' where id = $1`, [demoted.person.id]);
    const removed = await makeOwner(server);
    const params = { passkey: removed.passkey.id };
    must(await removed.browser.call('passkeys/remove', { params, body: { proof: bySecrets(server, removed) } }));
    const damaged = await makeOwner(server);
    await server.database.query(`update passkey set public_key = 'x' where id = $1`, [damaged.passkey.id]);
    const { authenticator } = owner;
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const cases: [string, string, { authenticator: typeof authenticator; person?: { id: string } | null }, Twist?][] = [
      ['passkey-unknown', 'minor', { authenticator, person: null }, { id: 'AAAA' }],
      ['passkey-removed', 'minor', removed],
      ['person-suspended', 'minor', suspended],
      ['role-missing', 'minor', demoted],
      ['credential-damaged', 'major', damaged],
      ['wrong-origin', 'serious', { authenticator, person: null }, { origin: 'https://localhost.example.org' }],
      ['wrong-origin', 'serious', { authenticator, person: null }, { origin: 'https://localhost' }],
      ['wrong-origin', 'serious', { authenticator, person: null }, { origin: server.origin.replace('https', 'http') }],
      ['wrong-origin', 'serious', { authenticator, person: null }, { crossOrigin: true }],
      ['wrong-origin', 'serious', { authenticator, person: null }, { topOrigin: server.origin }],
      ['wrong-purpose', 'serious', { authenticator, person: null }, { type: 'webauthn.create' }],
      ['wrong-host', 'serious', owner, { rpId: 'example.org' }],
      ['not-verified', 'minor', owner, { flags: flag.present }],
      ['not-verified', 'minor', owner, { flags: flag.verified }],
      ['wrong-signature', 'serious', owner, { signer: stranger }],
      ['passkey-foreign', 'serious', owner, { userHandle: null }],
      ['passkey-foreign', 'serious', owner, { userHandle: Buffer.alloc(16).toString('base64url') }],
      ['wrong-signature', 'serious', other, { signer: authenticator.key }],
      ['challenge-unknown', 'serious', owner, { challenge: Buffer.alloc(32).toString('base64url') }],
    ];
    const shapes = new Set<string>();
    for (const [reason, outcome, whose, twist] of cases) {
      const browser = openBrowser(server);
      const assertion = whose.authenticator.get(await begin(browser), twist);
      const since = performance.now();
      const answered = await finish(browser, assertion);
      assert.ok(performance.now() - since >= 390, reason);
      const { supportCode = '' } = failureOf(answered);
      shapes.add(`${answered.status} ${JSON.stringify(answered.body).replace(supportCode, '')} ${browser.cookie}`);
      const event = await whyRefused(supportCode);
      assert.deepEqual(
        [event?.kind, event?.reason, event?.outcome, event?.person, event?.factors],
        ['console.sign-in-refused', reason, outcome, whose.person?.id ?? null, ['passkey']],
      );
    }
    assert.equal(shapes.size, 1);
    must(await signIn(openBrowser(server), authenticator));
  });

  it('takes an answer once, though 200 bring it at once', async () => {
    const { authenticator } = await makeOwner(server);
    const browser = openBrowser(server);
    const assertion = authenticator.get(await begin(browser));
    const answers = await Promise.all(Array.from({ length: 200 }, () => finish(openBrowser(server), assertion)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    const refused = answers.map(({ code }) => code).filter((code) => code !== undefined);
    assert.equal(refused.length, 199);
    // So many from one address are told to come again.
    assert.deepEqual(
      refused.filter((code) => code !== 'PASSKEY_REFUSED' && code !== 'SERVER_BUSY'),
      [],
    );
    server.advance(61_000);
    const late = await finish(openBrowser(server), assertion);
    const event = await whyRefused(failureOf(late).supportCode);
    assert.deepEqual([event?.reason, event?.outcome], ['challenge-unknown', 'serious']);
  });

  it('takes no challenge after five minutes, and forgets it', async () => {
    const { authenticator } = await makeOwner(server);
    const browser = openBrowser(server);
    const assertion = authenticator.get(await begin(browser));
    const kept = await begin(browser);
    server.advance(5 * 60_000);
    const late = await finish(browser, assertion);
    assert.equal((await whyRefused(failureOf(late).supportCode))?.reason, 'challenge-expired');
    server.advance(10 * 60_000);
    await expire(server.deps);
    const later = await finish(browser, authenticator.get(kept));
    assert.equal((await whyRefused(failureOf(later).supportCode))?.reason, 'challenge-unknown');
  });

  it('takes no challenge that was made for something else', async () => {
    const owner = await makeOwner(server);
    const { options } = must<{ options: Awaited<ReturnType<typeof begin>> }>(
      await owner.browser.call('passkeys/begin-proof'),
    );
    const answered = await finish(openBrowser(server), owner.authenticator.get(options));
    const event = await whyRefused(failureOf(answered).supportCode);
    assert.deepEqual([event?.reason, event?.person], ['challenge-foreign', owner.person.id]);
    const own = await owner.browser.call('passkeys/prove', { body: { assertion: owner.authenticator.get(options) } });
    assert.equal(own.code, 'PASSKEY_REFUSED', 'and it is gone');
  });

  it('refuses a counter that goes back or stands still, with a warning in the log, and goes on from the highest', async () => {
    const { authenticator, person, passkey } = await makeOwner(server);
    must(await signIn(openBrowser(server), authenticator, { counter: 40 }));
    for (const counter of [40, 39, 1, 0]) {
      const answered = await signIn(openBrowser(server), authenticator, { counter });
      const event = await whyRefused(failureOf(answered).supportCode);
      assert.deepEqual([event?.reason, event?.outcome, event?.person], ['counter-back', 'serious', person.id]);
    }
    const lied = await signIn(openBrowser(server), authenticator, {
      counter: 4_000_000_000,
      signer: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
    });
    assert.equal((await whyRefused(failureOf(lied).supportCode))?.reason, 'wrong-signature');
    must(await signIn(openBrowser(server), authenticator, { counter: 41 }));
    const [row] = await server.database.query<{ counter: number }>('select counter from passkey where id = $1', [
      passkey.id,
    ]);
    assert.equal(row?.counter, 41);
  });

  it('stays open to somebody whose password strangers have locked for good', async () => {
    const owner = await makeOwner(server, ['admin']);
    const { number } = owner.person;
    const guess = () =>
      openBrowser(server).call('console/sign-in', { body: { number, password: 'guess guess guess', code: '1' } });
    for (let tries = 0; tries < 20; tries += 5) {
      await Promise.all(Array.from({ length: 5 }, guess));
      server.advance(3_600_000);
    }
    const [password] = await server.database.query<{ state: string }>(
      `select state from credential where person = $1 and kind = 'password'`,
      [owner.person.id],
    );
    assert.equal(password?.state, 'disabled');
    // Their address, which is ours too, is over its limit at that door.
    const enter = () => openBrowser(server).call('console/enter', { body: { ticket: 'guess' } });
    await Promise.all(Array.from({ length: 60 }, enter));
    assert.equal((await guess()).code, 'SERVER_BUSY');
    must(await signIn(openBrowser(server), owner.authenticator));
    server.advance(60_000);
  });
});

describe('the door for passkeys', () => {
  it('is limited by address, for challenges and for refusals', async () => {
    server.advance(60_000);
    const browser = openBrowser(server);
    const codes = await Promise.all(
      Array.from({ length: 70 }, async () => (await browser.call('passkeys/begin-sign-in')).code),
    );
    assert.equal(codes.filter((code) => code === undefined).length, 60);
    assert.ok(codes.every((code) => code === undefined || code === 'SERVER_BUSY'));
    const nonsense = { id: 'AA', clientDataJSON: 'AA', authenticatorData: 'AA', signature: 'AA', userHandle: null };
    const refusals = [];
    for (let round = 0; round < 7; round += 1) {
      refusals.push(...(await Promise.all(Array.from({ length: 10 }, () => finish(browser, nonsense)))));
    }
    assert.equal(refusals.filter(({ code }) => code === 'PASSKEY_REFUSED').length, 60);
    server.advance(60_000);
    assert.equal((await browser.call('passkeys/begin-sign-in')).status, 200);
  });

  it('answers whatever bytes come without an error of its own', async () => {
    const owner = await makeOwner(server);
    const text = (longest: number) =>
      fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: longest }).map((bytes) => Buffer.from(bytes).toString('base64url')),
        fc.string({ maxLength: 20 }),
        fc.constant(null),
      );
    const bent = fc.record(
      {
        id: text(60),
        clientDataJSON: text(200),
        authenticatorData: text(200),
        signature: text(90),
        userHandle: text(30),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof(bent, fc.jsonValue()), fc.boolean(), async (given, real) => {
        server.advance(1100);
        const browser = openBrowser(server);
        const honest = real ? owner.authenticator.get(await begin(browser)) : {};
        const assertion = typeof given === 'object' && given !== null ? { ...honest, ...given } : given;
        const { status } = await browser.call('passkeys/sign-in', { body: { assertion } });
        const attestation = {
          ...(given as object),
          attestationObject: (given as { signature?: string } | null)?.signature,
        };
        const enrolled = await owner.browser.call('passkeys/enrol', { body: { label: 'x', attestation } });
        assert.ok([400, 403].includes(enrolled.status) || enrolled.code === 'CONSOLE_SIGNED_OUT', `${enrolled.status}`);
        const whole =
          Object.keys(honest).length > 0 &&
          Object.keys((assertion ?? {}) as object).length === 5 &&
          given !== assertion;
        assert.ok([400, 403].includes(status) || (status === 200 && whole), `${status}`);
      }),
      { numRuns: 60 },
    );
    assert.doesNotMatch(server.logged(), /ended with a bug/);
  });

  it('has no other way in for anybody', () => {
    const open = Object.entries(api).filter(
      ([name, { sender }]) => name.startsWith('passkeys/') && sender === 'anyone',
    );
    assert.deepEqual(
      open.map(([name]) => name),
      ['passkeys/begin-sign-in', 'passkeys/sign-in'],
    );
  });
});

describe('a browser in which somebody signs in', () => {
  it('has a new session each time, and the one before is over, also when it was another person’s', async () => {
    const one = await makeOwner(server);
    const other = await makeOwner(server, ['auditor']);
    const first = one.browser.copy();
    must(await signIn(one.browser, one.authenticator));
    assert.notEqual(one.browser.cookie, first.cookie);
    assert.equal((await first.call('console/me')).code, 'CONSOLE_SIGNED_OUT');
    const second = one.browser.copy();
    must(await signIn(one.browser, other.authenticator));
    assert.equal((await second.call('console/me')).code, 'CONSOLE_SIGNED_OUT');
    assert.equal(must<SignedIn>(await one.browser.call('console/me')).person.id, other.person.id);
    const third = one.browser.copy();
    await signInBySecrets(server, one, one.browser);
    assert.equal((await third.call('console/me')).code, 'CONSOLE_SIGNED_OUT');
    const ended = (await eventsWhere(server, 'person', one.person.id)).filter(
      ({ kind }) => kind === 'console.signed-out',
    );
    assert.deepEqual(
      ended.map(({ reason }) => reason),
      ['signed-in-anew', 'signed-in-anew'],
    );
    assert.equal((await other.browser.call('console/me')).status, 200, 'elsewhere the other person stays');
  });

  it('keeps the session that it had when the sign-in is refused', async () => {
    const owner = await makeOwner(server);
    assert.equal((await signIn(owner.browser, owner.authenticator, { flags: flag.present })).code, 'PASSKEY_REFUSED');
    assert.equal((await owner.browser.call('console/me')).status, 200);
  });

  it('gets nothing by the cookie of one and the token of another', async () => {
    const one = await makeOwner(server, ['admin']);
    const other = await makeOwner(server, ['admin']);
    const mixed = openBrowser(server, { cookie: one.browser.cookie, csrf: other.browser.csrf });
    const add = { body: { number: 'mixed', name: 'Somebody' } };
    assert.equal((await mixed.call('people/add', add)).code, 'CONSOLE_FORGED');
    const event = (await eventsWhere(server, 'person', one.person.id)).at(-1);
    assert.deepEqual([event?.kind, event?.reason], ['request.refused', 'csrf']);
    assert.equal((await one.browser.call('people/add', add)).status, 200);
  });
});
