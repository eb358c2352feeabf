import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { type Cover, cover, type Lease, lease, leaseRenewal, longestLease } from '#contract/curtain.ts';
import type { LockId } from '#contract/ids.ts';
import { createLeaseKeeper } from './lease.ts';

const lock = '22222222-2222-4222-8222-222222222222' as LockId;
const next = '33333333-3333-4333-8333-333333333333' as LockId;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setInterval'] });
});

function keeper() {
  const sent: (Lease | Cover)[] = [];
  return { sent, keeper: createLeaseKeeper({ now: () => 1_700_000_000_000.5, send: (message) => sent.push(message) }) };
}

test('a lease goes out at once and again before it ends, each with a higher sequence', () => {
  const { sent, keeper: leases } = keeper();
  leases.begin(lock);
  mock.timers.tick(leaseRenewal * 4);
  const given = sent.map((message) => lease.parse(message));
  assert.equal(given.length, 5);
  assert.ok(given.every((each, index) => index === 0 || each.sequence > (given[index - 1]?.sequence ?? 0)));
  assert.ok(leaseRenewal < longestLease);
  leases.stop();
});

test('after a cover no lease goes out until the next begin, and its sequence is higher still', () => {
  const { sent, keeper: leases } = keeper();
  leases.begin(lock);
  leases.cover(next);
  assert.equal(leases.isHeld(), false);
  mock.timers.tick(leaseRenewal * 10);
  assert.deepEqual(sent.slice(1), [cover.parse({ kind: 'cover', lock: next })]);
  leases.begin(next);
  leases.stop();
  const [first, , second] = sent;
  assert.ok(first?.kind === 'lease' && second?.kind === 'lease' && second.sequence > first.sequence);
  assert.ok(Buffer.byteLength(`${JSON.stringify(second)}\n`) <= 256);
});
