import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createFakeReaders } from '../fake/reader.ts';
import { createMonitor } from './monitor.ts';

const atr = Uint8Array.of(0x3b, 0x81, 0x80, 0x01, 0x80, 0x80);

function world(test: TestContext, ignored: readonly string[] = []) {
  const readers = createFakeReaders();
  const told: string[] = [];
  const monitor = createMonitor(
    {
      pcsc: readers.pcsc,
      emit(event) {
        if (event.kind === 'status') told.push([event.status, ...event.readers].join(' '));
        else told.push(`${event.reader} ${event.kind}${event.kind === 'entered' && event.resting ? ' resting' : ''}`);
      },
      log: () => {},
    },
    ignored,
  );
  test.after(() => monitor.stop());
  let passed = 0;
  /** Waits for the text among what was told since the last call. */
  async function until(text: string): Promise<void> {
    const limit = Date.now() + 3_000;
    for (;;) {
      const at = told.indexOf(text, passed);
      if (at >= 0) {
        passed = at + 1;
        return;
      }
      assert.ok(Date.now() < limit, `waiting for «${text}», told: ${told.join(', ')}`);
      await delay(1);
    }
  }
  return { readers, told, monitor, until };
}

test('says in turn that there is no service, no reader, and a reader', async (t) => {
  const { readers, told, monitor, until } = world(t);
  await until('no-service');
  readers.startService();
  await until('no-reader');
  readers.plug('A');
  await until('ready A');
  readers.plug('B');
  await until('ready A B');
  readers.unplug('A');
  await until('ready B');
  await monitor.stop();
  assert.deepEqual(told, ['no-service', 'no-reader', 'ready A', 'ready A B', 'ready B']);
  assert.equal(readers.open(), 0, 'every context is released');
});

test('a card enters and leaves; one that was there is resting', async (t) => {
  const { readers, monitor, until } = world(t);
  readers.startService();
  readers.plug('A');
  readers.insert('A', { atr });
  await until('A entered resting');
  readers.remove('A');
  await until('A left');
  readers.insert('A', { atr });
  await until('A entered');
  await monitor.stop();
});

test('a card that was swapped between two looks has left and entered', async (t) => {
  const { readers, told, until } = world(t);
  readers.startService();
  readers.plug('A');
  await until('ready A');
  readers.insert('A', { atr });
  await until('A entered');
  readers.remove('A');
  readers.insert('A', { atr });
  await until('A entered');
  assert.deepEqual(told.slice(-3), ['A entered', 'A left', 'A entered']);
});

test('when the service dies the card has left, and it is found again', async (t) => {
  const { readers, told, monitor, until } = world(t);
  readers.startService();
  readers.plug('A');
  await until('ready A');
  readers.insert('A', { atr });
  await until('A entered');
  readers.stopService();
  await until('no-service');
  assert.deepEqual(told.slice(-2), ['A left', 'no-service']);
  readers.startService();
  await until('A entered resting');
  await monitor.stop();
  assert.equal(readers.open(), 0);
});

test('readers that are left alone are not told, until they are wanted', async (t) => {
  const { readers, monitor, until } = world(t, ['SAM']);
  readers.startService();
  readers.plug('ACR SAM');
  await until('no-reader');
  monitor.ignore([]);
  await until('ready ACR SAM');
  await monitor.stop();
});

test('stopping ends a wait that is under way at once', async (t) => {
  const { readers, monitor, until } = world(t);
  readers.startService();
  await until('no-reader');
  const begun = Date.now();
  await monitor.stop();
  assert.ok(Date.now() - begun < 200);
});
