import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { generateSync } from 'otplib';
import type { AssertionOptions } from '#contract/api/passkeys.ts';
import type { PasskeySummary, PersonPage } from '#contract/api/people.ts';
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
  nextStep,
  type Owner,
  openBrowser,
  password,
  signIn,
} from '../testing-browser.ts';
import { eventsWhere } from '../testing-login.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const lastOf = async (owner: { readonly person: { readonly id: string } }) => {
  const events = await eventsWhere(server, 'person', owner.person.id);
  // What the gate refuses is written a moment later.
  return events.filter(({ kind }) => kind !== 'request.refused').at(-1);
};
const beginProof = async (browser: Browser) =>
  must<{ options: AssertionOptions }>(await browser.call('passkeys/begin-proof')).options;
const prove = async (browser: Browser, { authenticator }: Pick<Owner, 'authenticator'>, twist?: Twist) =>
  browser.call('passkeys/prove', { body: { assertion: authenticator.get(await beginProof(browser), twist) } });
const remove = (browser: Browser, passkey: string, proof: object) =>
  browser.call('passkeys/remove', { params: { passkey }, body: { proof } });
const makeCode = (seed: string) => () =>
  generateSync({ secret: seed, epoch: Math.floor(server.now().getTime() / 1000) });

describe('a new proof before a change of how one signs in', () => {
  const begin = (browser: Browser, proof: object) => browser.call('passkeys/begin-enrolment', { body: { proof } });

  it('is both secrets, right and unused; the answer does not say which was wrong', async () => {
    const person = await makePerson(server);
    const { browser } = person;
    const used = person.code();
    const cases = [
      ['code-used', { kind: 'secrets', password, code: used }],
      ['password-wrong', { kind: 'secrets', password: 'another password', code: person.code(1) }],
      ['totp-wrong', { kind: 'secrets', password, code: '000000' }],
      ['passkey-not-used', byPasskey],
    ] as const;
    const shapes = new Set<string>();
    for (const [reason, proof] of cases) {
      const answered = await begin(browser, proof);
      shapes.add(JSON.stringify(answered.body));
      const event = await lastOf(person);
      assert.deepEqual([event?.kind, event?.reason], ['console.proof-refused', reason]);
    }
    assert.deepEqual([...shapes], ['{"failure":{"code":"CONSOLE_PROOF_REFUSED"}}']);
    assert.equal((await begin(browser, {})).status, 400);
    const options = must<{ options: { user: { id: string; name: string } } }>(
      await begin(browser, bySecrets(server, person)),
    );
    assert.equal(options.options.user.name, person.person.number);
    assert.equal(
      Buffer.from(options.options.user.id, 'base64url').toString('hex'),
      person.person.id.replaceAll('-', ''),
    );
    const event = await lastOf(person);
    assert.deepEqual([event?.kind, event?.factors], ['console.proof-accepted', ['password', 'totp']]);
  });

  it('counts wrong secrets together with those at the door, and is locked with them', async () => {
    const person = await makePerson(server);
    const wrong = { kind: 'secrets', password: 'another password', code: person.code(1) };
    await Promise.all(Array.from({ length: 200 }, () => begin(person.browser, wrong)));
    assert.equal((await begin(person.browser, bySecrets(server, person))).code, 'CONSOLE_PROOF_REFUSED');
    assert.equal((await lastOf(person))?.reason, 'locked');
    const { number } = person.person;
    const atTheDoor = await openBrowser(server).call('console/sign-in', {
      body: { number, password, code: person.code(1) },
    });
    assert.equal(atTheDoor.code, 'CONSOLE_SIGN_IN_REFUSED');
    const locks = (await eventsWhere(server, 'person', person.person.id)).filter(
      ({ kind }) => kind === 'credential.locked',
    );
    assert.equal(locks.length, 1);
  });

  it('is also a passkey of one’s own, used in this session within the last five minutes', async () => {
    const owner = await makeOwner(server);
    const browser = openBrowser(server);
    must(await signIn(browser, owner.authenticator));
    assert.ok((await list(browser)).provenUntil);
    assert.equal((await begin(browser, byPasskey)).status, 200);
    assert.equal((await begin(owner.browser, byPasskey)).code, 'CONSOLE_PROOF_REFUSED', 'not in another session');
    server.advance(5 * 60_000);
    assert.equal((await list(browser)).provenUntil, null);
    assert.equal((await begin(browser, byPasskey)).code, 'CONSOLE_PROOF_REFUSED');
    must(await prove(browser, owner));
    const event = await lastOf(owner);
    assert.deepEqual([event?.kind, event?.factors], ['console.proof-accepted', ['passkey']]);
    assert.equal((await begin(browser, byPasskey)).status, 200);
  });

  it('is no passkey of somebody else, and none that was asked for in another session', async () => {
    const owner = await makeOwner(server);
    const other = await makeOwner(server);
    const options = await beginProof(owner.browser);
    assert.deepEqual(
      options.allowCredentials.map(({ id }) => id),
      [owner.authenticator.id],
    );
    const foreign = await owner.browser.call('passkeys/prove', {
      body: { assertion: other.authenticator.get(options) },
    });
    assert.equal(foreign.code, 'PASSKEY_REFUSED');
    const event = await lastOf(owner);
    assert.deepEqual(
      [event?.kind, event?.reason, event?.outcome],
      ['console.proof-refused', 'passkey-foreign', 'serious'],
    );
    const again = await beginProof(owner.browser);
    const elsewhere = openBrowser(server);
    must(await signIn(elsewhere, owner.authenticator));
    const carried = await elsewhere.call('passkeys/prove', { body: { assertion: owner.authenticator.get(again) } });
    assert.equal(carried.code, 'PASSKEY_REFUSED');
    assert.equal((await lastOf(owner))?.reason, 'challenge-foreign');
    assert.equal((await prove(owner.browser, owner, { flags: flag.present })).code, 'PASSKEY_REFUSED');
    assert.equal((await begin(owner.browser, byPasskey)).code, 'CONSOLE_PROOF_REFUSED');
    const bare = await makePerson(server);
    assert.equal((await bare.browser.call('passkeys/begin-proof')).code, 'PASSKEY_UNKNOWN');
  });

  it('renews the cookie, so that whoever had copied the old one has no share in it', async () => {
    const owner = await makeOwner(server);
    const copied = owner.browser.copy();
    must(await prove(owner.browser, owner));
    assert.notEqual(owner.browser.cookie, copied.cookie);
    assert.equal((await copied.call('console/me')).code, 'CONSOLE_SIGNED_OUT');
    const again = owner.browser.copy();
    must(await begin(owner.browser, bySecrets(server, owner)));
    assert.equal((await again.call('passkeys/list')).code, 'CONSOLE_SIGNED_OUT');
    assert.equal((await owner.browser.call('console/me')).status, 200);
  });
});

describe('removing a passkey', () => {
  it('takes a new proof, ends the sessions that it opened elsewhere, and opens nothing afterwards', async () => {
    const owner = await makeOwner(server);
    const elsewhere = openBrowser(server);
    must(await signIn(elsewhere, owner.authenticator));
    assert.equal((await remove(owner.browser, owner.passkey.id, byPasskey)).code, 'CONSOLE_PROOF_REFUSED');
    assert.equal((await elsewhere.call('console/me')).status, 200);
    must(await remove(owner.browser, owner.passkey.id, bySecrets(server, owner)));
    assert.equal((await elsewhere.call('console/me')).code, 'CONSOLE_SIGNED_OUT');
    assert.equal((await owner.browser.call('console/me')).status, 200);
    assert.deepEqual((await list(owner.browser)).passkeys, []);
    const event = await lastOf(owner);
    assert.deepEqual([event?.kind, event?.reason, event?.detail['passkey']], ['passkey.removed', null, '青い鍵']);
    assert.equal((await signIn(openBrowser(server), owner.authenticator)).code, 'PASSKEY_REFUSED');
    assert.equal((await remove(owner.browser, owner.passkey.id, bySecrets(server, owner))).code, 'PASSKEY_UNKNOWN');
  });

  it('is for one’s own alone', async () => {
    const owner = await makeOwner(server, ['admin']);
    const other = await makeOwner(server, ['admin']);
    assert.equal((await remove(other.browser, owner.passkey.id, bySecrets(server, other))).code, 'PASSKEY_UNKNOWN');
    assert.equal((await remove(other.browser, other.person.id, bySecrets(server, other))).code, 'PASSKEY_UNKNOWN');
  });

  it('never takes the last way in, also when two are removed at once', async () => {
    const owner = await makeOwner(server);
    const browser = openBrowser(server);
    must(await signIn(browser, owner.authenticator));
    const second = createAuthenticator(server.origin);
    const added = must<{ passkey: PasskeySummary }>(
      await enrol(browser, second.create(await beginEnrolment(browser, byPasskey)), 'second'),
    );
    await server.database.query(`update credential set state = 'disabled' where person = $1 and kind = 'password'`, [
      owner.person.id,
    ]);
    const answers = await Promise.all([owner.passkey.id, added.passkey.id].map((id) => remove(browser, id, byPasskey)));
    assert.deepEqual(answers.map(({ code }) => code ?? 'removed').sort(), ['PASSKEY_LAST', 'removed']);
    const [left] = (await list(browser)).passkeys;
    assert.equal((await remove(browser, left?.id ?? '', byPasskey)).code, 'PASSKEY_LAST');
    await server.database.query(`delete from credential where person = $1 and kind = 'password'`, [owner.person.id]);
    assert.equal((await remove(browser, left?.id ?? '', byPasskey)).code, 'PASSKEY_LAST');
  });
});

describe('an admin', () => {
  const revoke = (by: Browser, { person, passkey }: Pick<Owner, 'person' | 'passkey'>) =>
    by.call('passkeys/revoke', { params: { person: person.id, passkey: passkey.id } });

  it('revokes somebody’s passkey with the sessions and proofs that came of it', async () => {
    const admin = await makeOwner(server, ['admin']);
    const owner = await makeOwner(server, ['helpdesk']);
    const opened = openBrowser(server);
    must(await signIn(opened, owner.authenticator));
    must(await prove(owner.browser, owner));
    const renewing = await owner.browser.call('console/renew-secrets', { body: { proof: byPasskey } });
    const { code } = must<{ code: string }>(renewing);
    const page = must<PersonPage>(await admin.browser.call('people/show', { params: { person: owner.person.id } }));
    assert.deepEqual(
      page.passkeys.map(({ id }) => id),
      [owner.passkey.id],
    );
    must(await revoke(admin.browser, owner));
    assert.equal((await opened.call('console/me')).code, 'CONSOLE_SIGNED_OUT');
    assert.equal((await owner.browser.call('console/me')).status, 200, 'what was opened otherwise stays');
    assert.equal((await list(owner.browser)).provenUntil, null);
    assert.equal((await signIn(openBrowser(server), owner.authenticator)).code, 'PASSKEY_REFUSED');
    const link = await openBrowser(server).call('console/open-invitation', { body: { code } });
    assert.equal(link.code, 'ENROLMENT_REFUSED', 'a link that whoever holds it may have made');
    assert.equal((await revoke(admin.browser, owner)).code, 'PASSKEY_UNKNOWN');
    const [event] = (await eventsWhere(server, 'actor', admin.person.id)).slice(-1);
    assert.deepEqual([event?.kind, event?.reason, event?.person], ['passkey.removed', 'revoked', owner.person.id]);
  });

  it('does not so with their own, and helpdesk not with those of people of the console', async () => {
    const admin = await makeOwner(server, ['admin']);
    const desk = await makeOwner(server, ['helpdesk']);
    assert.equal((await revoke(admin.browser, admin)).code, 'PERSON_SELF');
    assert.equal((await revoke(desk.browser, admin)).code, 'CONSOLE_ROLE_MISSING');
    const auditor = await makeOwner(server, ['auditor']);
    assert.equal((await revoke(auditor.browser, admin)).code, 'CONSOLE_ROLE_MISSING');
    const former = await makeOwner(server, ['helpdesk']);
    await server.database.query(`update person set roles = '{clinician}' where id = $1`, [former.person.id]);
    must(await revoke(desk.browser, former));
    assert.equal((await list(admin.browser)).passkeys.length, 1);
    const wrongPair = { params: { person: desk.person.id, passkey: admin.passkey.id } };
    assert.equal((await admin.browser.call('passkeys/revoke', wrongPair)).code, 'PASSKEY_UNKNOWN');
  });

  it('invites nobody who is themself', async () => {
    const admin = await makeOwner(server, ['admin']);
    const answered = await admin.browser.call('people/invite', { params: { person: admin.person.id } });
    assert.equal(answered.code, 'PERSON_SELF');
  });
});

describe('setting password and authenticator anew by oneself', () => {
  const renew = (browser: Browser, proof: object) => browser.call('console/renew-secrets', { body: { proof } });

  it('takes a proof, of which a passkey is enough though the password is disabled, and ends all sessions', async () => {
    const owner = await makeOwner(server, ['admin']);
    assert.equal((await renew(owner.browser, byPasskey)).code, 'CONSOLE_PROOF_REFUSED');
    await server.database.query(`update credential set state = 'disabled' where person = $1 and kind = 'password'`, [
      owner.person.id,
    ]);
    const browser = openBrowser(server);
    must(await signIn(browser, owner.authenticator));
    const { code } = must<{ code: string }>(await renew(browser, byPasskey));
    assert.equal((await lastOf(owner))?.reason, 'renewing-secrets');
    const { uri } = must<{ uri: string }>(await browser.call('console/open-invitation', { body: { code } }));
    const seed = new URL(uri).searchParams.get('secret') ?? '';
    const fresh = { ...owner, code: makeCode(seed) };
    nextStep(server);
    const chosen = 'seven herons by the weir';
    must(await browser.call('console/accept-invitation', { body: { code, password: chosen, totp: fresh.code() } }));
    assert.equal((await owner.browser.call('console/me')).code, 'CONSOLE_SIGNED_OUT');
    assert.equal((await browser.call('console/me')).status, 200);
    nextStep(server);
    const { number } = owner.person;
    must(await openBrowser(server).call('console/sign-in', { body: { number, password: chosen, code: fresh.code() } }));
    must(await signIn(openBrowser(server), owner.authenticator));
  });

  it('makes no link once what proved it was taken away, however close', async () => {
    const owner = await makeOwner(server, ['admin']);
    const browser = openBrowser(server);
    must(await signIn(browser, owner.authenticator));
    const id = owner.person.id;
    const isWaiting = async (): Promise<boolean> =>
      (
        await server.database.query<{ waits: boolean }>(
          `select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as waits`,
        )
      )[0]?.waits === true;
    const renewing = await server.database.transaction(async (tx) => {
      await tx.query('select 1 from person where id = $1 for no key update', [id]);
      const asked = renew(browser, byPasskey);
      while (!(await isWaiting())) await new Promise(setImmediate);
      await tx.query('update console_session set ended_at = now() where person = $1', [id]);
      return { asked };
    });
    assert.equal((await renewing.asked).code, 'CONSOLE_PROOF_REFUSED');
    assert.deepEqual(await server.database.query('select 1 from invitation where person = $1', [id]), []);
  });
});
