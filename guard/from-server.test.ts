import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { pushed } from '#contract/api/terminals.ts';
import { parseFromServer } from './from-server.ts';

const order = z.strictObject({ number: z.int(), inner: z.array(z.strictObject({ name: z.string() })) });

describe('what a server of a later version says', () => {
  it('is taken without what this guard does not know, however deep', () => {
    const said = { number: 1, later: true, inner: [{ name: 'a', more: 1 }, { name: 'b' }], __proto__x: null };
    const parsed = parseFromServer(order, said);
    assert.deepEqual(parsed.data, { number: 1, inner: [{ name: 'a' }, { name: 'b' }] });
    assert.equal(said.later, true, 'what was said is as it was');
  });

  it('is taken on the stream too', () => {
    const beat = { kind: 'beat', serverTime: '2026-11-29T01:02:03.000Z' };
    assert.deepEqual(parseFromServer(pushed, { ...beat, load: 3 }).data, beat);
  });

  it('is refused where something that is known is missing or of another kind', () => {
    for (const said of [
      { inner: [], later: 1 },
      { number: '1', inner: [], later: 1 },
      { number: 1, inner: [{ more: 1 }] },
    ])
      assert.equal(parseFromServer(order, said).success, false, JSON.stringify(said));
    assert.equal(parseFromServer(pushed, { kind: 'unheard', serverTime: 1 }).success, false);
    assert.equal(parseFromServer(pushed, undefined).success, false);
  });
});
