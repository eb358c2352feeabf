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
  const time = { up: 0, lapsed: 0 };
  const leases = createLeaseKeeper({
    now: () => 1_700_000_000_000.5,
    upTime: () => time.up,
    onLapsed: () => {
      time.lapsed += 1;
    },
    send: (message) => sent.push(message),
  });
  const pass = (milliseconds: number) => {
    for (let at = 0; at < milliseconds; at += leaseRenewal) {
      time.up += leaseRenewal;
      mock.timers.tick(leaseRenewal);
    }
  };
  return { sent, time, pass, keeper: leases };
}

test('a lease that ran out while the machine slept is not renewed', () => {
  const { sent, time, pass, keeper: leases } = keeper();
  leases.begin(lock);
  pass(10_000);
  const before = sent.length;
  time.up += longestLease;
  pass(5_000);
  assert.equal(time.lapsed, 1);
  assert.equal(sent.length, before);
  assert.equal(leases.isHeld(), false);
});

test('a lease goes out at once and again before it ends, each with a higher sequence', () => {
  const { sent, pass, keeper: leases } = keeper();
  leases.begin(lock);
  pass(leaseRenewal * 4);
  const given = sent.map((message) => lease.parse(message));
  assert.equal(given.length, 5);
  assert.ok(given.every((each, index) => index === 0 || each.sequence > (given[index - 1]?.sequence ?? 0)));
  assert.ok(leaseRenewal < longestLease);
  leases.stop();
});

test('after a cover no lease goes out until the next begin, and its sequence is higher still', () => {
  const { sent, pass, keeper: leases } = keeper();
  leases.begin(lock);
  leases.cover(next);
  assert.equal(leases.isHeld(), false);
  pass(leaseRenewal * 10);
  assert.deepEqual(sent.slice(1), [cover.parse({ kind: 'cover', lock: next })]);
  leases.begin(next);
  leases.stop();
  const [first, , second] = sent;
  assert.ok(first?.kind === 'lease' && second?.kind === 'lease' && second.sequence > first.sequence);
  assert.ok(Buffer.byteLength(`${JSON.stringify(second)}\n`) <= 256);
});
