import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { observe, type Seen, type Tracked, unseen } from './tracking.ts';

function seen(present: boolean, count: number, gone = false): Seen {
  const state = count * 0x10000 + (present ? 0x20 : 0x10);
  return { gone, present, count: count & 0xffff, state };
}

function follow(states: readonly Seen[]): { after: Tracked; changes: string[] } {
  let after = unseen;
  const changes: string[] = [];
  for (const state of states) {
    const observed = observe(after, state);
    after = observed.after;
    changes.push(...observed.changes);
  }
  return { after, changes };
}

test('a card that lay there from the start is no tap', () => {
  assert.deepEqual(follow([seen(true, 0), seen(false, 1), seen(true, 2)]).changes, ['resting', 'left', 'entered']);
});

test('a jump by two is a swapped card, also where the counter turns over', () => {
  assert.deepEqual(follow([seen(false, 0xfffd), seen(true, 0xfffe), seen(true, 0x10000)]).changes, [
    'entered',
    'left',
    'entered',
  ]);
});

test('a state torn between presence and count is asked for again, and the swap behind it is seen', () => {
  const torn = follow([seen(false, 0), seen(true, 1), seen(true, 2)]);
  assert.deepEqual(torn.changes, ['entered']);
  assert.equal(torn.after.state, 0, 'asks for an immediate answer');
  assert.deepEqual(observe(torn.after, seen(true, 3)).changes, ['left', 'entered']);
  assert.deepEqual(observe(torn.after, seen(false, 2)).changes, ['left']);
});

test('a reader that counts in its own way is believed in the end', () => {
  const states = [seen(false, 0), ...Array<Seen>(4).fill(seen(true, 0))];
  assert.deepEqual(follow(states).changes, ['entered']);
});

test('a reader that is gone has lost its card, and what lies there when it is back is no tap', () => {
  assert.deepEqual(follow([seen(false, 0), seen(true, 1), seen(false, 0, true), seen(true, 1)]).changes, [
    'entered',
    'left',
    'resting',
  ]);
});

/** The card comes and goes; each look is settled, or torn in either order of writing. */
const looks = fc.array(
  fc.record({ moves: fc.nat({ max: 4 }), torn: fc.constantFrom('no', 'count first', 'presence first') }),
  { maxLength: 40 },
);

test('whatever is seen in between, entered and left take turns and end with the truth', () => {
  fc.assert(
    fc.property(looks, (steps) => {
      let present = false;
      let count = 0;
      const states = [seen(false, 0)];
      for (const { moves, torn } of steps) {
        const before = { present, count };
        for (let move = 0; move < moves; move++) {
          present = !present;
          count += 1;
        }
        if (moves > 0 && torn === 'count first') states.push(seen(!present, count));
        if (moves > 0 && torn === 'presence first') states.push(seen(present, count - 1));
        states.push(seen(present, count));
        const { changes } = follow(states);
        const entered = changes.filter((change) => change === 'entered').length;
        const left = changes.filter((change) => change === 'left').length;
        assert.equal(entered - left, present ? 1 : 0);
        assert.match(changes.join(' '), /^(entered( left entered)*( left)?)?$/);
        if (before.present && present && moves >= 2) assert.equal(changes.at(-1), 'entered');
      }
    }),
  );
});
