import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Opened } from '#contract/api/logins.ts';
import type { CardEvidence, CardProof } from '#contract/card.ts';
import { whyNotPinned } from '../cards/proof.ts';
import { expire } from '../expiry.ts';
import { startTestServer, type TestConsole, type TestServer, type TestTerminal } from '../testing.ts';
import {
  answerOf,
  bindKey,
  type CertificateToMake,
  listAuthority,
  type Made,
  makeAuthority,
  makeCertificate,
  nonceFor,
  tapOf,
} from '../testing-card.ts';
import {
  begin,
  type Clinician,
  eventsWhere,
  failureOf,
  goodPin,
  makeClinician,
  makeEvidence,
  mustBegin,
  prove,
} from '../testing-login.ts';

let server: TestServer;
let terminal: TestTerminal;
let other: TestTerminal;
let admin: TestConsole;
let authority: Made;

before(async () => {
  server = await startTestServer();
  [terminal, other] = [await server.enrol(), await server.enrol()];
  admin = await server.signIn(['admin']);
  authority = await makeAuthority();
  await listAuthority(server, admin, authority);
});
beforeEach(() => server.applyPolicy({}));
after(() => server.close());

interface Holder extends Clinician {
  readonly key: Made;
}
const makeHolder = async (given: CertificateToMake = {}): Promise<Holder> => {
  const clinician = await makeClinician(server, { totp: false });
  const key = await makeCertificate(given, authority);
  return { ...clinician, key, card: await bindKey(server, terminal, clinician.person.id, key) };
};

/** Why the log says that this was refused. The terminal is told the same as of any card. */
const reasonOf = async (card: CardEvidence, at = terminal): Promise<string | null> => {
  const answered = await begin(server, at, card);
  assert.deepEqual([answered.status, answered.code], [403, 'CARD_REFUSED'], JSON.stringify(answered.body));
  const { supportCode = '', ...said } = failureOf(answered);
  assert.deepEqual(Object.keys(said).sort(), ['code', 'nonce']);
  const [event, ...more] = await eventsWhere(server, 'support_code', supportCode);
  assert.equal(more.length, 0);
  assert.equal(event?.kind, 'attempt.refused');
  return event?.reason ?? null;
};
const withProof = (card: CardEvidence, changes: Partial<CardProof>): CardEvidence => {
  assert.ok(card.proof);
  return { ...card, proof: { ...card.proof, ...changes } };
};
const shorter = (text: string): string => Buffer.from(text, 'base64url').subarray(0, -1).toString('base64url');

describe('a card that was enrolled with its key', () => {
  for (const kind of ['ecc-p256', 'ecc-p384', 'rsa-2048'] as const) {
    it(`opens with its signature and a PIN: ${kind}`, async () => {
      const { key, card, person } = await makeHolder({ kind });
      const begun = await mustBegin(server, terminal, await tapOf(server, terminal, key));
      assert.equal(begun.greeting.person, person.id);
      assert.ok(begun.nonce !== null);
      const opened = await prove(server, terminal, begun.attempt, 'pin', goodPin);
      assert.equal(opened.status, 200, JSON.stringify(opened.body));
      const [first] = await eventsWhere(server, 'attempt', begun.attempt);
      assert.equal(first?.kind, 'attempt.begun');
      assert.deepEqual(
        [first.detail['assurance'], first.detail['proofMilliseconds'], first.detail['slow']],
        ['pki', 120, undefined],
      );
      const [row] = await server.database.query('select assurance from attempt where id = $1', [begun.attempt]);
      assert.deepEqual(row, { assurance: 'pki' });
      assert.equal(
        (await server.database.query('select 1 from card where id = $1 and public_key is not null', [card])).length,
        1,
      );
    });
  }

  it('goes on with the nonce that came with the answer before, without asking for one', async () => {
    const { key } = await makeHolder();
    let tapped = await mustBegin(server, terminal, await tapOf(server, terminal, key));
    for (let again = 0; again < 3; again += 1) {
      assert.ok(tapped.nonce !== null);
      tapped = await mustBegin(server, terminal, answerOf(key, tapped.nonce, terminal.id));
    }
    const refused = await begin(server, terminal, makeEvidence());
    const { nonce } = failureOf(refused);
    assert.ok(nonce !== undefined);
    await mustBegin(server, terminal, answerOf(key, nonce, terminal.id));
  });

  it('is not opened by a card of the same UID, nor by its number as a key', async () => {
    const { key } = await makeHolder();
    const real = { ...(await tapOf(server, terminal, key)), uid: '04A1B2C3D4E5F6' };
    await mustBegin(server, terminal, real);
    const clone: CardEvidence = { technology: 'iso14443a', identifier: real.uid, assurance: 'identifier' };
    assert.equal(await reasonOf(clone), 'unknown-card');
    for (const assurance of ['keyed', 'pki'] as const)
      assert.equal(await reasonOf({ ...clone, assurance }), 'proof-missing');
    const { proof: _, ...silent } = real;
    for (const assurance of ['identifier', 'pki'] as const)
      assert.equal(await reasonOf({ ...silent, assurance }), 'proof-missing');
  });

  it('is not opened by another card of the same issuer that says it has its number', async () => {
    const { key } = await makeHolder();
    const thief = await makeCertificate({}, authority);
    const { identifier } = await tapOf(server, terminal, key);
    const lying = { ...(await tapOf(server, terminal, thief)), identifier };
    assert.equal(await reasonOf(lying), 'key-other');
    const row = { assurance: 'pki', key: identifier.toLowerCase() } as const;
    const proof = server.app.cards.judge(await tapOf(server, terminal, thief), terminal.id);
    assert.equal(proof.kind, 'proven');
    assert.equal(whyNotPinned(row, proof), 'key-other');
  });

  it('still opens with a renewed certificate of the same key', async () => {
    const { key } = await makeHolder();
    const renewed = await makeCertificate({ keys: key.keys, until: 700 }, authority);
    await mustBegin(server, terminal, await tapOf(server, terminal, renewed));
  });

  it('is refused when it or its person may not log in, in the same words and after as many looks', async (t) => {
    const { mock } = t.mock.method(server.logins, 'query');
    const looks = async (card: CardEvidence, reason: string): Promise<number> => {
      mock.resetCalls();
      // With the number by which it may be known from before.
      assert.equal(await reasonOf({ ...card, uid: '04A1B2C3D4E5F7' }), reason);
      return mock.calls.filter(({ arguments: [, , name] }) => name === 'taps').length;
    };
    const { key, card } = await makeHolder();
    await server.database.query(`update card set state = 'revoked' where id = $1`, [card]);
    assert.equal(await looks(await tapOf(server, terminal, key), 'card-revoked'), 1);
    const stranger = await makeCertificate({}, authority);
    assert.equal(await looks(await tapOf(server, terminal, stranger), 'unknown-card'), 1);
  });
});

describe('a certificate', () => {
  const refusedFor = async (made: Made): Promise<string | null> => reasonOf(await tapOf(server, terminal, made));

  it('that signed itself is refused', async () => {
    assert.equal(await refusedFor(await makeCertificate()), 'certificate-self-signed');
  });

  it('of another authority is refused, also of one with the same name', async () => {
    assert.equal(await refusedFor(await makeCertificate({}, await makeAuthority())), 'authority-unknown');
    const name = authority.certificate.subject.replace(/^CN=/, '');
    assert.equal(await refusedFor(await makeCertificate({}, await makeAuthority({ name }))), 'authority-unknown');
  });

  it('of somebody whom the authority certified is refused: there is one step and no more', async () => {
    const between = await makeCertificate({ isAuthority: true, name: 'between' }, authority);
    assert.equal(await refusedFor(await makeCertificate({}, between)), 'authority-unknown');
    const card = await makeCertificate({}, authority);
    assert.equal(await refusedFor(await makeCertificate({}, card)), 'authority-unknown');
  });

  it('before and after its time is refused', async () => {
    assert.equal(await refusedFor(await makeCertificate({ from: -9, until: -1 }, authority)), 'certificate-expired');
    assert.equal(await refusedFor(await makeCertificate({ from: 1 }, authority)), 'certificate-early');
  });

  it('for another use is refused', async () => {
    const usages = 0x08;
    assert.equal(await refusedFor(await makeCertificate({ usages }, authority)), 'certificate-usage');
    const server = '1.3.6.1.5.5.7.3.1';
    assert.equal(await refusedFor(await makeCertificate({ purposes: [server] }, authority)), 'certificate-usage');
    assert.equal(
      await refusedFor(await makeCertificate({ isAuthority: true, usages: 0x81 }, authority)),
      'certificate-usage',
    );
  });

  it('whose signature is of a broken hash is refused', async () => {
    for (const [hash, why] of [
      ['SHA-1', 'certificate-weak'],
      ['SHA-256', 'unknown-card'],
    ] as const) {
      const rsa = await makeAuthority({ kind: 'rsa-2048', hash });
      await listAuthority(server, admin, rsa);
      assert.equal(await refusedFor(await makeCertificate({}, rsa)), why);
    }
  });

  it('with a key of another curve, kind or size is refused, whatever it is called', async () => {
    for (const kind of ['ecc-p521', 'rsa-1024'] as const) {
      const card = await makeCertificate({ kind }, authority);
      const tapped = await tapOf(server, terminal, { ...card, kind: 'ecc-p256' });
      assert.equal(await reasonOf(tapped), 'algorithm-other', kind);
    }
    const { key } = await makeHolder();
    for (const algorithm of ['ecc-p384', 'rsa-2048'] as const)
      assert.equal(await reasonOf(withProof(await tapOf(server, terminal, key), { algorithm })), 'algorithm-other');
  });

  it('that is damaged, cut, lengthened or none is refused', async () => {
    const { key } = await makeHolder();
    const { der } = key;
    const flipped = Buffer.from(der);
    flipped[der.length - 5] = (flipped[der.length - 5] ?? 0) ^ 1;
    const bad: [Buffer, RegExp][] = [
      [der.subarray(0, -1), /^certificate-damaged$/],
      [Buffer.concat([der, Buffer.of(0)]), /^certificate-damaged$/],
      [Buffer.concat([der, der]), /^certificate-damaged$/],
      [Buffer.from('30820000', 'hex'), /^certificate-damaged$/],
      [Buffer.alloc(4_400, 0x30), /^certificate-damaged$/],
      [Buffer.from(key.pem), /^certificate-damaged$/],
      [flipped, /^(authority-unknown|certificate-damaged)$/],
    ];
    for (const [bytes, why] of bad) {
      const given = withProof(await tapOf(server, terminal, key), { certificate: bytes.toString('base64url') });
      assert.match((await reasonOf(given)) ?? '', why, bytes.toString('hex', 0, 20));
    }
  });
});

describe('a signature', () => {
  it('by another key than that of the certificate is refused', async () => {
    const { key } = await makeHolder();
    for (const kind of ['ecc-p256', 'ecc-p384', 'rsa-2048'] as const) {
      const signer = await makeCertificate({ kind }, authority);
      const nonce = await nonceFor(server, terminal);
      assert.equal(await reasonOf(answerOf(key, nonce, terminal.id, signer)), 'signature-wrong', kind);
    }
  });

  it('over another nonce, or over this one for another terminal, is refused', async () => {
    const { key } = await makeHolder();
    const [one, two] = [await nonceFor(server, terminal), await nonceFor(server, terminal)];
    const { proof } = answerOf(key, one, terminal.id);
    assert.ok(proof);
    assert.equal(
      await reasonOf(withProof(answerOf(key, two, terminal.id), { signature: proof.signature })),
      'signature-wrong',
    );
    assert.equal(await reasonOf(answerOf(key, await nonceFor(server, terminal), other.id)), 'signature-wrong');
  });

  it('that is cut, empty, doubled or no DER is refused', async () => {
    const { key } = await makeHolder();
    const bad = [
      shorter,
      (text: string) => `${text}AA`,
      () => 'AA',
      () => Buffer.alloc(64).toString('base64url'),
      () => Buffer.from('3006020100020100', 'hex').toString('base64url'),
    ];
    for (const change of bad) {
      const given = await tapOf(server, terminal, key);
      const signature = change(given.proof?.signature ?? '');
      assert.equal(await reasonOf(withProof(given, { signature })), 'signature-wrong', signature);
    }
    const empty = withProof(await tapOf(server, terminal, key), { signature: '' });
    assert.equal((await begin(server, terminal, empty)).code, 'REQUEST_INVALID');
  });
});

describe('a nonce', () => {
  it('is answered once', async () => {
    const { key } = await makeHolder();
    const recorded = await tapOf(server, terminal, key);
    await mustBegin(server, terminal, recorded);
    assert.equal(await reasonOf(recorded), 'nonce-used');
    const used = answerOf(await makeCertificate({}, authority), recorded.proof ?? { nonce: '' }, terminal.id);
    assert.equal(await reasonOf(used), 'nonce-used');
  });

  it('is used up by an answer that is refused', async () => {
    const { key } = await makeHolder();
    const given = await tapOf(server, terminal, key);
    assert.equal(await reasonOf(withProof(given, { signature: 'AA' })), 'signature-wrong');
    assert.equal(await reasonOf(given), 'nonce-used');
  });

  it('lets in one of 200 who show the same answer at once', async () => {
    const { key } = await makeHolder();
    const recorded = await tapOf(server, terminal, key);
    const all = await Promise.all(Array.from({ length: 200 }, () => begin(server, terminal, recorded)));
    assert.deepEqual(all.filter(({ status }) => status === 200).length, 1);
    // So many refusals make a terminal wait.
    server.advance(61_000);
  });

  it('is for one terminal', async () => {
    const { key } = await makeHolder();
    const nonce = await nonceFor(server, other);
    assert.equal(await reasonOf(answerOf(key, nonce, terminal.id)), 'nonce-unknown');
    assert.equal(await reasonOf(answerOf(key, nonce, other.id)), 'nonce-unknown');
    await mustBegin(server, other, answerOf(key, nonce, other.id));
  });

  it('that the server did not give is refused, and one whose end was moved', async () => {
    const { key } = await makeHolder();
    const { nonce } = await nonceFor(server, terminal);
    const later = nonce.replace(/\.(\d+)~/, (_, at: string) => `.${Number(at) + 600_000}~`);
    for (const forged of [later, nonce.slice(0, -1), nonce.split('~')[0] ?? '', '~', randomUUID()])
      assert.equal(await reasonOf(answerOf(key, { nonce: forged }, terminal.id)), 'nonce-unknown', forged);
  });

  it('ends after ten minutes, and is then forgotten', async () => {
    const { key } = await makeHolder();
    const [early, late] = [await nonceFor(server, terminal), await nonceFor(server, terminal)];
    await mustBegin(server, terminal, answerOf(key, early, terminal.id));
    await server.app.settled();
    const count = async () => (await server.database.query('select 1 from used_nonce')).length;
    assert.ok((await count()) > 0);
    server.advance(10 * 60_000);
    assert.equal(await reasonOf(answerOf(key, late, terminal.id)), 'nonce-expired');
    server.advance(2 * 60_000);
    await expire(server.deps);
    assert.equal(await count(), 0);
  });
});

describe('a slow proof', () => {
  const slowTap = async (key: Made) => withProof(await tapOf(server, terminal, key), { milliseconds: 1_400 });

  it('is let in and noted', async () => {
    const { key } = await makeHolder();
    const { attempt } = await mustBegin(server, terminal, await slowTap(key));
    const [begun] = await eventsWhere(server, 'attempt', attempt);
    assert.deepEqual([begun?.detail['proofMilliseconds'], begun?.detail['slow']], [1_400, true]);
  });

  it('is refused where policy says so', async () => {
    const { key } = await makeHolder();
    await server.applyPolicy({ cards: { refuseSlowProofs: true } });
    assert.equal(await reasonOf(await slowTap(key)), 'proof-slow');
    await mustBegin(server, terminal, await tapOf(server, terminal, key));
    await server.applyPolicy({ cards: { refuseSlowProofs: true, slowProofMilliseconds: 100 } });
    assert.equal(await reasonOf(await tapOf(server, terminal, key)), 'proof-slow');
  });
});

describe('a card authority that is taken off the list', () => {
  it('vouches for nobody from the next tap on, and does again when it is back', async () => {
    const own = await makeAuthority();
    const id = await listAuthority(server, admin, own);
    const clinician = await makeClinician(server, { totp: false });
    const key = await makeCertificate({}, own);
    await bindKey(server, terminal, clinician.person.id, key);
    await mustBegin(server, terminal, await tapOf(server, terminal, key));
    const body = { reason: 'stolen' };
    const removed = await server.call(admin, 'card-authorities/remove', { params: { authority: id }, body });
    assert.deepEqual(removed.body, { cards: 1 });
    assert.equal(await reasonOf(await tapOf(server, terminal, key)), 'authority-unknown');
    await listAuthority(server, admin, own);
    const { attempt } = await mustBegin(server, terminal, await tapOf(server, terminal, key));
    assert.ok(((await prove(server, terminal, attempt, 'pin', goodPin)).body as Opened).session);
  });
});
