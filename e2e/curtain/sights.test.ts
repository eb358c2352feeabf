import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findUnvouched, listSights, type Opening } from './sights.ts';

const opening = (at: number, lockedAt: number | null): Opening => ({ at, session: String(at), lockedAt });

test('each sight of the desktop has an opening of its own that was written before it', () => {
  const openings = [opening(1_000, 9_000), opening(20_000, null)];
  assert.equal(findUnvouched([1_020, 20_020], openings), null);
  assert.equal(findUnvouched([20_020], openings), null, 'one that nobody saw');
  assert.equal(findUnvouched([1_020, 1_500], openings), 1_500, 'twice in one opening');
  assert.equal(findUnvouched([500], openings), 500);
});

test('an opening that was locked vouches for nothing that is seen later', () => {
  const openings = [opening(1_000, 1_100), opening(20_000, null)];
  assert.equal(findUnvouched([10_000], openings), 10_000);
  assert.equal(findUnvouched([1_400, 20_020], openings), null, 'the cover was on its way');
});

test('what a curtain that was killed covers for a moment is no second sight; whatever else covers is', () => {
  const seen = (at: number) => ({ at, red: true });
  const covered = (at: number) => ({ at, red: false });
  const changes = [seen(1_000), covered(5_000), seen(5_080), covered(9_000), seen(9_010)];
  assert.deepEqual(listSights(changes, [4_990]), [1_000, 9_010]);
  assert.deepEqual(listSights(changes, []), [1_000, 5_080, 9_010]);
  assert.deepEqual(listSights(changes, [5_010]), [1_000, 5_080, 9_010], 'it died afterwards');
  assert.deepEqual(
    listSights([seen(1_000), covered(5_000), seen(7_500)], [4_990]),
    [1_000, 7_500],
    'longer than a lease',
  );
});
