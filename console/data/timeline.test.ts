import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredEvent } from '#contract/audit.ts';
import { toTimeline } from './timeline.ts';

let minute = 0;
const happened = (kind: StoredEvent['kind'], facts: object = {}): StoredEvent => {
  minute += 1;
  const at = new Date(Date.UTC(2026, 10, 29, 1, minute)).toISOString();
  return { id: String(minute), at, kind, outcome: 'success', factors: [], detail: {}, ...facts } as StoredEvent;
};
/** As the log has them: newest first. */
const told = (events: readonly StoredEvent[]) => toTimeline(events.toReversed());

test('an attempt is told once, by how it went', () => {
  const story = told([
    happened('attempt.begun', { attempt: 'a' }),
    happened('proof.refused', { attempt: 'a', outcome: 'minor', reason: 'wrong' }),
    happened('proof.accepted', { attempt: 'a' }),
    happened('session.began', { attempt: 'a' }),
    happened('session.ended'),
  ]);
  assert.deepEqual(
    story.map(({ event }) => event.kind),
    ['session.ended', 'session.began'],
  );
});

test('what repeats itself is counted, with its first time', () => {
  const wrong = { outcome: 'minor', reason: 'wrong', terminal: 't' };
  const first = happened('proof.refused', { ...wrong, attempt: 'a' });
  const story = told([
    first,
    happened('proof.refused', { ...wrong, attempt: 'b' }),
    happened('proof.refused', { ...wrong, attempt: 'c' }),
    happened('proof.refused', { ...wrong, attempt: 'd', terminal: 'elsewhere' }),
  ]);
  assert.deepEqual(
    story.map(({ count, since }) => [count, since]),
    [
      [1, story[0]?.event.at],
      [3, first.at],
    ],
  );
});

test('a refusal names what led to it, of its own card alone', () => {
  const other = happened('card.suspended', { card: 'other' });
  const own = happened('card.suspended', { card: 'own', reason: 'lost' });
  const refused = happened('attempt.refused', { card: 'own', reason: 'card-suspended', outcome: 'minor' });
  assert.equal(told([own, other, refused])[0]?.cause, own);
  assert.equal(told([other, refused])[0]?.cause, undefined);
  assert.equal(told([refused, own])[1]?.cause, undefined, 'what came later led to nothing');
});
