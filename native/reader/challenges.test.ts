import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TerminalId } from '#contract/ids.ts';
import { createChallenges } from './challenges.ts';

const terminal = '0190a000-0000-7000-8000-000000000001' as TerminalId;
const [one, two] = [
  { nonce: 'one', terminal },
  { nonce: 'two', terminal },
];

function world() {
  let wanted = 0;
  const challenges = createChallenges({
    want: () => {
      wanted += 1;
    },
  });
  return { challenges, wanted: () => wanted };
}

test('until somebody asks for proofs, and when nobody does any more, no card is asked', () => {
  const { challenges } = world();
  assert.equal(challenges.asked(), null);
  challenges.take(one);
  assert.notEqual(challenges.asked(), null);
  challenges.take('off');
  assert.equal(challenges.asked(), null);
});

test('the one in hand is given at once, and again until a card has answered it', async () => {
  const { challenges, wanted } = world();
  challenges.take(one);
  assert.equal(await challenges.asked()?.(), one);
  challenges.spend('another');
  assert.equal(await challenges.asked()?.(), one);
  challenges.spend('one');
  const next = challenges.asked()?.();
  assert.equal(wanted(), 1);
  challenges.take('awaited');
  challenges.take(two);
  assert.equal(await next, two);
});

test('a card that waits is let go when nobody asks for proofs any more, and after 800 ms', async () => {
  const { challenges, wanted } = world();
  challenges.take('awaited');
  const stopped = challenges.asked()?.();
  challenges.take('off');
  assert.equal(await stopped, undefined);
  challenges.take('awaited');
  const begun = performance.now();
  assert.equal(await challenges.asked()?.(), undefined);
  assert.ok(performance.now() - begun > 700);
  assert.equal(wanted(), 2);
});
