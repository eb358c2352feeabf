import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { attestationObject, authenticatorData, ecKey, encode, flag } from './testing-authenticator.ts';
import { isSoundKey, readClientData, verifyAssertion, verifyAttestation } from './webauthn.ts';

const party = { rpId: 'example.org', origins: ['https://example.org'] };
const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const toText = (text: string): string => hex(text).toString('base64url');

/** WebAuthn Level 3, 16.2: no attestation, ES256, user not verified. */
const none = {
  aaguid: hex('8446ccb9ab1db374750b2367ff6f3a1f'),
  id: hex('f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4'),
  x: hex('afefa16f97ca9b2d23eb86ccb64098d20db90856062eb249c33a9b672f26df61'),
  y: hex('930a56b87a2fca66334b03458abf879717c12cc68ed73290af2e2664796b9220'),
  attestationObject:
    'a363666d74646e6f6e656761747453746d74a068617574684461746158a4bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b559000000008446ccb9ab1db374750b2367ff6f3a1f0020f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4a5010203262001215820afefa16f97ca9b2d23eb86ccb64098d20db90856062eb249c33a9b672f26df61225820930a56b87a2fca66334b03458abf879717c12cc68ed73290af2e2664796b9220',
  created:
    '7b2274797065223a22776562617574686e2e637265617465222c226368616c6c656e6765223a22414d4d507434557878475453746e63647134313759447742466938767049612d7077386f4f755657345441222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73652c22657874726144617461223a22636c69656e74446174614a534f4e206d617920626520657874656e6465642077697468206164646974696f6e616c206669656c647320696e20746865206675747572652c207375636820617320746869733a20426b5165446a646354427258426941774a544c453551227d',
};
/** 16.3: self attestation, ES256, user verified. */
const self = {
  id: '455ef34e2043a87db3d4afeb39bbcb6cc32df9347c789a865ecdca129cbef58c',
  key: 'a5010203262001215820eb151c8176b225cc651559fecf07af450fd85802046656b34c18f6cf193843c5225820927b8aa427a2be1b8834d233a2d34f61f13bfd44119c325d5896e183fee484f2',
  attestationObject:
    'a363666d74667061636b65646761747453746d74a263616c672663736967584630440220067a20754ab925005dbf378097c92120031581c73228d1fb4f5b881bcd7da98302207fc7b147558c7c0eba3af18bd9d121fa3d3a26d17fe3f220272178f473b6006d68617574684461746158a4bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b55d00000000df850e09db6afbdfab51697791506cfc0020455ef34e2043a87db3d4afeb39bbcb6cc32df9347c789a865ecdca129cbef58ca5010203262001215820eb151c8176b225cc651559fecf07af450fd85802046656b34c18f6cf193843c5225820927b8aa427a2be1b8834d233a2d34f61f13bfd44119c325d5896e183fee484f2',
  created:
    '7b2274797065223a22776562617574686e2e637265617465222c226368616c6c656e6765223a2265476e4374334c55745936366b336a506a796e6962506b31716e666644616966715a774c33417032392d55222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73652c22657874726144617461223a22636c69656e74446174614a534f4e206d617920626520657874656e6465642077697468206164646974696f6e616c206669656c647320696e20746865206675747572652c207375636820617320746869733a205539685458764b453255526b4d6e625f307859485667227d',
};
const selfPasskey = { credentialId: hex(self.id), publicKey: hex(self.key), counter: 0, synced: true };
/** 16.4: an assertion by ES256, user verified, said to come from a frame of another origin. */
const framed = {
  id: '6e1050c0d2ca2f07c755cb2c66a74c64fa43065c18f938354d9915db2bd5ce57',
  x: hex('22200a473f90b11078851550d03b4e44a2279f8c4eca27b3153dedfe03e4e97d'),
  y: hex('cbd0be95e746ad6f5a8191be11756e4c0420e72f65b466d39bc56b8b123a9c6e'),
  challenge: '876aa517ba83fdee65fcffdbca4c84eeae5d54f8041a1fc85c991e5bbb273137',
  authenticatorData: 'bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b50500000000',
  clientDataJSON:
    '7b2274797065223a22776562617574686e2e676574222c226368616c6c656e6765223a226832716c463771445f65356c5f505f62796b7945377135645650674547685f49584a6b655737736e4d5463222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a747275652c22657874726144617461223a22636c69656e74446174614a534f4e206d617920626520657874656e6465642077697468206164646974696f6e616c206669656c647320696e20746865206675747572652c207375636820617320746869733a2039327063545644304162792d713464746d6a36656667227d',
  signature:
    '3046022100eb12fcf23b12764c0f122e22371fab92e283879fd798f38ee1841c951b6e40e7022100c76237ff9db77b3c56f30837cda6a09acfa2e915544e609c0733b1184036d1cf',
};

const attest = (object: string, created: string, id: string) => {
  const clientDataJSON = toText(created);
  const read = readClientData(party, clientDataJSON, 'webauthn.create');
  if (!read.ok) throw new Error(read.why);
  const given = { id: toText(id), clientDataJSON, attestationObject: toText(object), transports: [] };
  return verifyAttestation(party, given, read.challenge);
};

describe('the examples of the specification', () => {
  test('are what the authenticator of these tests would write', () => {
    const data = authenticatorData({
      rpId: 'example.org',
      flags: flag.present | flag.eligible | flag.backedUp | flag.attested,
      counter: 0,
      attested: { aaguid: none.aaguid, id: none.id, key: ecKey(none.x, none.y) },
    });
    assert.equal(attestationObject('none', new Map(), data).toString('hex'), none.attestationObject);
    assert.equal(
      encode([10, 500, -1, -257, 'é', new Map([['a', hex('01')]])]).toString('hex'),
      '860a1901f4203901 0062c3a9a161614101'.replace(' ', ''),
    );
  });

  test('are taken when the person was verified', async () => {
    const verdict = await attest(self.attestationObject, self.created, self.id);
    assert.deepEqual(verdict, { ok: true, passkey: selfPasskey });
    assert.deepEqual(await attest(none.attestationObject, none.created, none.id.toString('hex')), {
      ok: false,
      why: 'not-verified',
    });
  });

  const assertion = {
    id: toText(framed.id),
    clientDataJSON: toText(framed.clientDataJSON),
    authenticatorData: toText(framed.authenticatorData),
    signature: toText(framed.signature),
    userHandle: null,
  };
  const key = encode(ecKey(framed.x, framed.y));
  const challenge = toText(framed.challenge);

  test('have signatures that hold, by their own key and for their own bytes alone', async () => {
    assert.deepEqual(await verifyAssertion(party, assertion, challenge, key), { ok: true, counter: 0 });
    const others = {
      'another key': [assertion, challenge, hex(self.key)],
      'another challenge': [assertion, toText('00'.repeat(32)), key],
      'another counter': [
        { ...assertion, authenticatorData: toText(framed.authenticatorData.replace(/0$/, '1')) },
        challenge,
        key,
      ],
      'no signature': [{ ...assertion, signature: 'AA' }, challenge, key],
    } as const;
    for (const [what, [given, expected, by]] of Object.entries(others)) {
      const verdict = await verifyAssertion(party, given, expected, by);
      assert.ok(!verdict.ok && ['wrong-signature', 'malformed'].includes(verdict.why), what);
    }
    const elsewhere = await verifyAssertion({ ...party, rpId: 'example.com' }, assertion, challenge, key);
    assert.deepEqual(elsewhere, { ok: false, why: 'wrong-host' });
    assert.deepEqual(await verifyAssertion(party, assertion, challenge, hex('00')), {
      ok: false,
      why: 'credential-damaged',
    });
  });

  test('are refused when they come from a frame', () => {
    const read = readClientData(party, assertion.clientDataJSON, 'webauthn.get');
    assert.deepEqual(read, { ok: false, why: 'wrong-origin' });
  });
});

describe('a key', () => {
  const x = none.x;
  const y = none.y;
  const changed = (change: (key: Map<number, unknown>) => void): Buffer => {
    const key = ecKey(x, y);
    change(key);
    return encode(key);
  };

  test('has one of our algorithms in the form that belongs to it, and is a point of its curve', () => {
    assert.ok(isSoundKey(encode(ecKey(x, y))));
    const broken = {
      'RS256 said of an EC key': changed((key) => key.set(3, -257)),
      'EdDSA said of an EC key': changed((key) => key.set(3, -8)),
      'ES384 on P-256': changed((key) => key.set(3, -35)),
      'no algorithm': changed((key) => key.delete(3)),
      'the form of RSA': changed((key) => key.set(1, 3)),
      'another curve': changed((key) => key.set(-1, 2)),
      'no y': changed((key) => key.delete(-3)),
      'y as text': changed((key) => key.set(-3, 'y')),
      'not on the curve': encode(ecKey(x, x)),
      'RSA of 64 bits': encode(
        new Map<number, number | Buffer>([
          [1, 3],
          [3, -257],
          [-1, hex('f000000000000001')],
          [-2, hex('010001')],
        ]),
      ),
      'RSA with exponent 1': encode(
        new Map<number, number | Buffer>([
          [1, 3],
          [3, -257],
          [-1, Buffer.alloc(256, 0xf1)],
          [-2, hex('01')],
        ]),
      ),
      'no map': encode([1, 2, 3]),
      nothing: Buffer.alloc(0),
    };
    for (const [what, bytes] of Object.entries(broken)) assert.equal(isSoundKey(bytes), false, what);
  });
});

describe('whatever bytes come', () => {
  const text = fc.uint8Array({ minLength: 1, maxLength: 400 }).map((bytes) => Buffer.from(bytes).toString('base64url'));
  /** An example with some bytes changed, some left out. */
  const bent = (example: string) =>
    fc
      .array(fc.tuple(fc.nat(example.length / 2 - 1), fc.nat(255)), { maxLength: 4 })
      .chain((changes) => fc.nat(8).map((cut) => ({ changes, cut })))
      .map(({ changes, cut }) => {
        const bytes = hex(example);
        for (const [place, value] of changes) bytes[place] = value;
        return bytes.subarray(0, bytes.length - cut).toString('base64url');
      });

  test('client data are read or refused, and nothing is thrown', () => {
    const given = fc.oneof(
      text,
      bent(self.created),
      fc.json().map((json) => Buffer.from(json).toString('base64url')),
    );
    fc.assert(
      fc.property(given, (one) => void readClientData(party, one, 'webauthn.get')),
      { numRuns: 500 },
    );
  });

  test('an attestation is taken for what it says or refused, and nothing is thrown', async () => {
    const { challenge } = JSON.parse(hex(self.created).toString()) as { challenge: string };
    await fc.assert(
      fc.asyncProperty(fc.oneof(text, bent(self.attestationObject), bent(none.attestationObject)), async (object) => {
        const given = {
          id: toText(self.id),
          clientDataJSON: toText(self.created),
          attestationObject: object,
          transports: [],
        };
        const verdict = await verifyAttestation(party, given, challenge);
        if (verdict.ok) assert.deepEqual(verdict.passkey, selfPasskey);
      }),
      { numRuns: 500 },
    );
  });

  test('an assertion holds for no other data', async () => {
    const key = encode(ecKey(framed.x, framed.y));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(text, bent(framed.authenticatorData)),
        fc.oneof(text, bent(framed.signature)),
        async (data, signature) => {
          const given = { id: toText(framed.id), clientDataJSON: toText(framed.clientDataJSON), userHandle: null };
          const verdict = await verifyAssertion(
            party,
            { ...given, authenticatorData: data, signature },
            toText(framed.challenge),
            key,
          );
          if (verdict.ok) assert.equal(data, toText(framed.authenticatorData));
        },
      ),
      { numRuns: 500 },
    );
  });
});
