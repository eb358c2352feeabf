import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import type { GivenNonce } from '#contract/card.ts';
import { fail, succeed } from '#contract/errors.ts';
import type { TerminalId } from '#contract/ids.ts';
import { createLog } from './log.ts';
import { type Challenge, createNonces, type NoncesDeps } from './nonces.ts';

const terminal = '0190a000-0000-7000-8000-000000000001' as TerminalId;
const minute = 60_000;
let now = 0;
const given = (nonce: string, left = 10 * minute): GivenNonce => ({
  nonce,
  expiresAt: new Date(now + left).toISOString(),
});
const challenge = (nonce: string): Challenge => ({ nonce, terminal });

beforeEach(() => {
  now = 0;
  mock.timers.enable({ apis: ['setTimeout'] });
});
afterEach(() => mock.timers.reset());

function world(answer: () => GivenNonce | null | 'away' = () => 'away') {
  const handed: Challenge[] = [];
  let asked = 0;
  const nonces = createNonces({
    clock: { now: () => now, toMoment: Date.parse },
    call: (async () => {
      asked += 1;
      const nonce = answer();
      return nonce === 'away' ? fail('SERVER_UNREACHABLE') : succeed({ nonce });
    }) as unknown as NoncesDeps['call'],
    terminal: () => terminal,
    isAlone: () => false,
    hand: (one) => handed.push(one),
    log: createLog({ level: 'error', now: () => new Date(), write: () => undefined }),
  });
  return {
    nonces,
    handed,
    asked: () => asked,
    async pass(milliseconds: number) {
      now += milliseconds;
      mock.timers.tick(milliseconds);
      await new Promise(setImmediate);
    },
  };
}

test('what the stream gives is in the reader’s hand at once, and for a reader process that begins', () => {
  const { nonces, handed } = world();
  assert.equal(nonces.current(), 'off');
  nonces.follow(given('one'));
  assert.deepEqual(handed, [challenge('one')]);
  assert.deepEqual(nonces.current(), challenge('one'));
  nonces.stop();
});

test('the answer to a tap brings the next one, and nobody asks for it', async () => {
  const { nonces, handed, asked, pass } = world();
  nonces.follow(given('one'));
  nonces.spend('one');
  nonces.renew(given('two'));
  await pass(minute);
  assert.deepEqual(handed, [challenge('one'), 'awaited', challenge('two')]);
  assert.equal(asked(), 0);
  nonces.stop();
});

test('after a tap that was not sent one is asked for a second later', async () => {
  const { nonces, handed, asked, pass } = world(() => given('two'));
  nonces.follow(given('one'));
  nonces.spend('one');
  await pass(999);
  assert.equal(asked(), 0);
  await pass(1);
  assert.deepEqual([asked(), handed.at(-1)], [1, challenge('two')]);
  nonces.stop();
});

test('a card that waits has one asked for at once, and only once', async () => {
  const { nonces, handed, asked, pass } = world(() => given('two'));
  nonces.follow(given('one'));
  nonces.spend('one');
  nonces.want();
  nonces.want();
  await pass(0);
  assert.deepEqual([asked(), handed.at(-1)], [1, challenge('two')]);
  nonces.want();
  assert.deepEqual([asked(), handed.length], [1, 4]);
  nonces.stop();
});

test('one that is about to end is taken out of the hand', async () => {
  const { nonces, handed, pass } = world();
  nonces.follow(given('one'));
  await pass(9.5 * minute);
  assert.equal(handed.at(-1), 'awaited');
  nonces.follow(given('late', 20_000));
  assert.equal(nonces.current(), 'awaited');
  nonces.stop();
});

test('whether cards are asked for proofs, the stream alone says', () => {
  const { nonces } = world();
  nonces.renew(given('one'));
  assert.equal(nonces.current(), 'off');
  nonces.follow(given('two'));
  nonces.renew(null);
  assert.deepEqual(nonces.current(), challenge('two'));
  nonces.follow(null);
  assert.equal(nonces.current(), 'off');
});
