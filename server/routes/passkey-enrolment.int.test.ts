import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { startTestServer, type TestServer } from '../testing.ts';
import { createAuthenticator, flag, type Twist } from '../testing-authenticator.ts';
import {
  type Browser,
  beginEnrolment,
  byPasskey,
  bySecrets,
  enrol,
  list,
  makeOwner,
  makePerson,
  must,
  openBrowser,
  signIn,
} from '../testing-browser.ts';
import { eventsWhere, failureOf } from '../testing-login.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const lastOf = async (owner: { readonly person: { readonly id: string } }) =>
  (await eventsWhere(server, 'person', owner.person.id)).at(-1);
const remove = (browser: Browser, passkey: string, proof: object) =>
  browser.call('passkeys/remove', { params: { passkey }, body: { proof } });
/** Well formed, and of nothing that is signed here. */
const badSignature = sign('sha256', Buffer.from('something else'), createAuthenticator('https://example.org').key);

describe('enrolling a passkey', () => {
  it('takes one that was made for this person here and now, and names it', async () => {
    const owner = await makeOwner(server);
    const { passkeys, factors } = await list(owner.browser);
    assert.deepEqual(passkeys, [owner.passkey]);
    assert.deepEqual([owner.passkey.label, owner.passkey.synced, owner.passkey.lastUsedAt], ['青い鍵', false, null]);
    assert.deepEqual(
      factors.map(({ kind, state }) => [kind, state]),
      [
        ['password', 'active'],
        ['totp', 'active'],
      ],
    );
    const event = await lastOf(owner);
    assert.deepEqual(
      [event?.kind, event?.actor, event?.detail['passkey']],
      ['passkey.enrolled', owner.person.id, '青い鍵'],
    );
  });

  it('is refused for whatever was made otherwise, each time with the reason in the log', async () => {
    const person = await makePerson(server);
    const { browser } = person;
    const cases: [string, Twist][] = [
      ['wrong-origin', { origin: 'https://example.org' }],
      ['wrong-origin', { crossOrigin: true }],
      ['wrong-purpose', { type: 'webauthn.get' }],
      ['wrong-host', { rpId: 'example.org' }],
      ['not-verified', { flags: flag.present }],
      ['challenge-unknown', { challenge: Buffer.alloc(32, 7).toString('base64url') }],
      ['wrong-algorithm', { key: (key) => key.set(3, -257) }],
      ['wrong-algorithm', { key: (key) => key.set(3, -65535) }],
      ['wrong-algorithm', { key: (key) => key.set(3, -35).set(-1, 2) }],
      ['wrong-algorithm', { key: (key) => key.set(-3, Buffer.alloc(32, 1)) }],
      ['wrong-attestation', { format: 'fido-u2f' }],
      ['wrong-attestation', { format: 'packed', statement: () => new Map([['x5c', Buffer.alloc(3)]]) }],
      [
        'wrong-signature',
        {
          format: 'packed',
          statement: () =>
            new Map<string, number | Buffer>([
              ['alg', -7],
              ['sig', badSignature],
            ]),
        },
      ],
      [
        'wrong-algorithm',
        {
          format: 'packed',
          statement: () =>
            new Map<string, number | Buffer>([
              ['alg', -257],
              ['sig', badSignature],
            ]),
        },
      ],
      ['malformed', { statement: () => new Map([['sig', Buffer.alloc(3)]]) }],
      ['malformed', { id: 'AAAA' }],
    ];
    for (const [reason, twist] of cases) {
      const options = await beginEnrolment(browser, bySecrets(server, person));
      const answered = await enrol(browser, createAuthenticator(server.origin).create(options, twist));
      assert.equal(answered.code, 'PASSKEY_REFUSED', reason);
      const [event] = await eventsWhere(server, 'support_code', failureOf(answered).supportCode ?? '');
      assert.deepEqual([event?.kind, event?.reason, event?.person], ['passkey.refused', reason, person.person.id]);
    }
    assert.deepEqual((await list(browser)).passkeys, []);
  });

  it('takes a challenge once, from its own session, within five minutes', async () => {
    const one = await makePerson(server);
    const other = await makePerson(server);
    const options = await beginEnrolment(one.browser, bySecrets(server, one));
    const attestation = createAuthenticator(server.origin).create(options);
    assert.equal((await enrol(other.browser, attestation)).code, 'PASSKEY_REFUSED');
    assert.equal((await lastOf(other))?.reason, 'challenge-foreign');
    assert.equal((await enrol(one.browser, attestation)).code, 'PASSKEY_REFUSED', 'and it is gone');
    const again = createAuthenticator(server.origin).create(await beginEnrolment(one.browser, bySecrets(server, one)));
    const answers = await Promise.all([1, 2, 3, 4].map(() => enrol(one.browser, again)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    const late = createAuthenticator(server.origin).create(await beginEnrolment(one.browser, bySecrets(server, one)));
    server.advance(5 * 60_000);
    assert.equal((await enrol(one.browser, late)).code, 'PASSKEY_REFUSED');
    assert.equal((await lastOf(one))?.reason, 'challenge-expired');
    const older = await beginEnrolment(one.browser, bySecrets(server, one));
    await beginEnrolment(one.browser, bySecrets(server, one));
    assert.equal((await enrol(one.browser, createAuthenticator(server.origin).create(older))).code, 'PASSKEY_REFUSED');
  });

  it('takes no passkey that somebody has or had, and tells the authenticator of one’s own', async () => {
    const owner = await makeOwner(server);
    const options = await beginEnrolment(owner.browser, bySecrets(server, owner));
    assert.deepEqual(
      options.excludeCredentials.map(({ id }) => id),
      [owner.authenticator.id],
    );
    assert.equal((await enrol(owner.browser, owner.authenticator.create(options))).code, 'PASSKEY_REFUSED');
    assert.equal((await lastOf(owner))?.reason, 'passkey-known');
    const thief = await makePerson(server);
    const stolen = owner.authenticator.create(await beginEnrolment(thief.browser, bySecrets(server, thief)));
    assert.equal((await enrol(thief.browser, stolen)).code, 'PASSKEY_REFUSED');
    must(await remove(owner.browser, owner.passkey.id, bySecrets(server, owner)));
    const back = owner.authenticator.create(await beginEnrolment(owner.browser, bySecrets(server, owner)));
    assert.equal((await enrol(owner.browser, back)).code, 'PASSKEY_REFUSED');
  });

  it('takes self attestation, which browsers may leave in', async () => {
    const person = await makePerson(server);
    const options = await beginEnrolment(person.browser, bySecrets(server, person));
    const authenticator = createAuthenticator(server.origin);
    const attested = authenticator.create(options, {
      format: 'packed',
      statement: (signed) =>
        new Map<string, number | Buffer>([
          ['alg', -7],
          ['sig', sign('sha256', signed, authenticator.key)],
        ]),
    });
    assert.equal((await enrol(person.browser, attested)).status, 200);
    must(await signIn(openBrowser(server), authenticator));
  });

  it('ends at ten for one person', async () => {
    const owner = await makeOwner(server);
    const browser = openBrowser(server);
    must(await signIn(browser, owner.authenticator));
    for (let count = 1; count < 10; count += 1) {
      must(await enrol(browser, createAuthenticator(server.origin).create(await beginEnrolment(browser, byPasskey))));
    }
    const answered = await browser.call('passkeys/begin-enrolment', { body: { proof: byPasskey } });
    assert.equal(answered.code, 'PASSKEY_TOO_MANY');
    assert.equal((await list(browser)).passkeys.length, 10);
  });

  it('gives nothing to somebody who was suspended meanwhile', async () => {
    const person = await makePerson(server);
    const attestation = createAuthenticator(server.origin).create(
      await beginEnrolment(person.browser, bySecrets(server, person)),
    );
    const admin = await server.signIn(['admin']);
    must(
      await server.call(admin, 'people/suspend', { params: { person: person.person.id }, body: { reason: 'left' } }),
    );
    assert.equal((await enrol(person.browser, attestation)).code, 'CONSOLE_SIGNED_OUT');
  });
});
