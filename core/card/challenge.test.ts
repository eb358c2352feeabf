import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cardNonce, proofAlgorithm } from '#contract/card.ts';
import type { TerminalId } from '#contract/ids.ts';
import { toHex } from './bytes.ts';
import { challengeBlock, challengeText } from './challenge.ts';

const terminal = '0190a000-0000-7000-8000-000000000001' as TerminalId;
const challenge = { nonce: 'bm9uY2U.1795330000000~1.bWFyaw', terminal };

// Made by `printf 'kazasu card proof 1\0…\0…' | openssl dgst -sha256`, and -sha384.
const digest256 = '882ADD92DF9E6C150D7B62BD2E72FF06E229312F1E75F239E7366FA9C1C05DCD';
const digest384 = '8B12AC4565D930BA35C8898139119ACB54133ECCA837E24F69847BE3C8FA1FF695CF003398C079BD1746B67E9F741F9D';

test('what cards are given to sign, byte for byte', () => {
  assert.equal(toHex(challengeBlock('ecc-p256', challenge)), digest256);
  assert.equal(toHex(challengeBlock('ecc-p384', challenge)), digest384);
  const info = '3031300D060960864801650304020105000420';
  assert.equal(toHex(challengeBlock('rsa-2048', challenge)), `0001${'FF'.repeat(202)}00${info}${digest256}`);
});

test('another nonce or another terminal is another block', () => {
  const nonce = fc.stringMatching(/^[A-Za-z0-9_.~-]{1,60}$/);
  const one = fc.record({ nonce, terminal: fc.uuid().map((id) => id as TerminalId) });
  fc.assert(
    fc.property(one, one, fc.constantFrom(...proofAlgorithm.options), (first, second, algorithm) => {
      assert.ok(cardNonce.safeParse(first.nonce).success);
      fc.pre(first.nonce !== second.nonce || first.terminal !== second.terminal);
      assert.notEqual(challengeText(first), challengeText(second));
      assert.notEqual(toHex(challengeBlock(algorithm, first)), toHex(challengeBlock(algorithm, second)));
    }),
  );
});
