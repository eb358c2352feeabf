import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import * as cards from '../card/cards.ts';
import { type ReaderService, type ReaderServiceOptions, startReaderService } from '../card/service.ts';
import { createVirtualSlot } from '../card/virtual-card.ts';
import { tryMark } from '../desk/processes.ts';
import { startReaderProcess } from './process.ts';

const uid = '04A1B2C3D4E5F6';
const first = 'Kazasu Reader 0 00 00';

describe('faults of service, reader and process', () => {
  const undo: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  const newFolder = () => mkdtempSync(join(tmpdir(), 'kazasu-reader-'));

  async function service(options: Partial<ReaderServiceOptions> = {}): Promise<ReaderService> {
    const started = await startReaderService({ folder: newFolder(), ...options });
    undo.push(() => started.stop());
    return started;
  }

  function host(socket: string) {
    const started = startReaderProcess(socket);
    undo.push(() => started.disconnect());
    return started;
  }

  test('a service that is absent at start is found within two seconds of starting', async (context) => {
    const folder = newFolder();
    const process = host(join(folder, 'run', 'pcscd.comm'));
    assert.deepEqual((await process.next('status')).status, 'no-service');
    const started = await service({ folder });
    const begun = performance.now();
    await process.next('status', ({ status, readers }) => status === 'ready' && readers.includes(first));
    context.diagnostic(`found after ${(performance.now() - begun).toFixed(0)} ms`);
    assert.ok(performance.now() - begun < 2_000);
    const slot = createVirtualSlot(started.ports[0] ?? assert.fail());
    await slot.insert(cards.iso14443a(uid));
    assert.equal((await process.next('card-read')).card.identifier, uid);
    await slot.remove();
  });

  for (const how of ['kill', 'stop in good order'] as const) {
    test(`after ${how} and restart the readers are back within two seconds`, async (context) => {
      const running = await service();
      const process = host(running.socket);
      await process.next('status', ({ readers }) => readers.length === 2);
      const slot = createVirtualSlot(running.ports[0] ?? assert.fail());
      await slot.insert(cards.iso14443a(uid));
      await process.next('card-read');
      const killed = performance.now();
      if (how === 'kill') {
        await running.kill();
        await process.next('card-left');
        await process.next('status', ({ status, readers }) => status === 'no-service' && readers.length === 0);
        context.diagnostic(`loss told after ${(performance.now() - killed).toFixed(0)} ms`);
        assert.ok(performance.now() - killed < 1_000);
      }
      await slot.remove();
      await running.restart();
      const begun = performance.now();
      await process.next('status', ({ readers }) => readers.length === 2);
      context.diagnostic(`back after ${(performance.now() - begun).toFixed(0)} ms`);
      assert.ok(performance.now() - begun < 2_000);
      await slot.insert(cards.iso14443a(uid));
      assert.equal((await process.next('card-read')).card.identifier, uid);
      await slot.remove();
      await process.next('card-left');
    });
  }

  test('a card that was there before the process started is told as resting', async () => {
    const running = await service();
    const slot = createVirtualSlot(running.ports[0] ?? assert.fail());
    await slot.insert(cards.iso14443a(uid));
    const watching = host(running.socket);
    await watching.next('card-read');
    const again = host(running.socket);
    assert.equal((await again.next('card-entered')).resting, true);
    assert.equal((await again.next('card-read')).card.identifier, uid);
    await slot.remove();
  });

  test('a reader that is unplugged and plugged in again, with and without a card', async (context) => {
    const running = await service();
    const process = host(running.socket);
    await process.next('status', ({ readers }) => readers.length === 2);
    const slot = createVirtualSlot(running.ports[0] ?? assert.fail());
    let worst = 0;
    for (let round = 0; round < 5; round++) {
      await running.unplug(0);
      const gone = performance.now();
      await process.next('status', ({ readers }) => !readers.includes(first));
      worst = Math.max(worst, performance.now() - gone);
      await running.plug(0);
      const back = performance.now();
      await process.next('status', ({ readers }) => readers.includes(first));
      worst = Math.max(worst, performance.now() - back);
      await slot.insert(cards.iso14443a(uid));
      await process.next('card-read');
      await running.unplug(0);
      await process.next('card-left');
      await process.next('status', ({ readers }) => !readers.includes(first));
      await slot.remove();
      await running.plug(0);
      await process.next('status', ({ readers }) => readers.includes(first));
    }
    context.diagnostic(`told at the latest ${worst.toFixed(0)} ms after the service had done it`);
    assert.ok(worst < 1_000);
    await running.unplug(0);
    await running.unplug(1);
    await process.next('status', ({ status }) => status === 'no-reader');
    await running.plug(1);
    await process.next('status', ({ status, readers }) => status === 'ready' && !readers.includes(first));
  });

  test('a reader unplugged in the middle of an exchange', async () => {
    const running = await service();
    const process = host(running.socket);
    await process.next('status', ({ readers }) => readers.length === 2);
    const slot = createVirtualSlot(running.ports[0] ?? assert.fail());
    await slot.insert(cards.hanging);
    const { presentation } = await process.next('card-entered');
    const unplugged = running.unplug(0);
    assert.deepEqual((await process.next('card-misread')).presentation, presentation);
    await process.next('card-left');
    await process.next('status', ({ readers }) => !readers.includes(first));
    await slot.remove();
    await unplugged;
    await running.plug(0);
    await process.next('status', ({ readers }) => readers.includes(first));
    await slot.insert(cards.iso14443a(uid));
    await process.next('card-read');
    await slot.remove();
  });

  test('readers that hold no cards of people are left alone', async () => {
    const running = await service({ readers: ['ACS ACR1252 1S CL Reader PICC', 'ACS ACR1252 1S CL Reader SAM'] });
    const process = host(running.socket);
    const { readers } = await process.next('status', ({ status }) => status === 'ready');
    assert.deepEqual(readers, ['ACS ACR1252 1S CL Reader PICC 00 00']);
    process.send({ kind: 'configure', ignoreReaders: ['PICC'] });
    await process.next('status', (status) => status.readers.join() === 'ACS ACR1252 1S CL Reader SAM 01 00');
  });

  test('the process ends by itself when its guard has gone, also while a driver hangs', async (context) => {
    const running = await service();
    for (const card of [cards.iso14443a(uid), cards.hanging]) {
      const process = startReaderProcess(running.socket);
      await process.next('status', ({ readers }) => readers.length === 2);
      const slot = createVirtualSlot(running.ports[0] ?? assert.fail());
      await slot.insert(card);
      await process.next('card-entered');
      const begun = performance.now();
      const ended = await process.disconnect();
      context.diagnostic(`ended with ${ended} after ${(performance.now() - begun).toFixed(0)} ms`);
      assert.ok(performance.now() - begun < 2_500);
      await slot.remove();
    }
  });

  test('a reader process that is killed leaves nothing behind, and the next one reads', async () => {
    const running = await service();
    const slot = createVirtualSlot(running.ports[0] ?? assert.fail());
    const killed = startReaderProcess(running.socket);
    await killed.next('status', ({ readers }) => readers.length === 2);
    await slot.insert(cards.slow(uid, 300));
    await killed.next('card-entered');
    await killed.kill();
    assert.equal(existsSync(`/proc/${killed.pid}`), false);
    const next = host(running.socket);
    assert.equal((await next.next('card-read')).card.identifier, uid);
    await slot.remove();
  });

  test('a service whose starter was killed dies with it, and its folder can be used again', async () => {
    const folder = newFolder();
    const script = `import { startReaderService } from ${JSON.stringify(join(import.meta.dirname, '../card/service.ts'))};
      await startReaderService({ folder: ${JSON.stringify(folder)} }); console.log('up'); setInterval(() => {}, 1000);`;
    const starter = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => starter.stdout.once('data', resolve));
    const pid = Number.parseInt(readFileSync(join(folder, 'run', 'pcscd.pid'), 'utf8'), 10);
    const exited = new Promise((resolve) => starter.once('exit', resolve));
    starter.kill('SIGKILL');
    await exited;
    const running = await service({ folder });
    assert.equal(running.socket, join(folder, 'run', 'pcscd.comm'));
    // A process that was killed is seen until the kernel has taken its mounts apart.
    const limit = performance.now() + 2_000;
    while (tryMark(pid) !== undefined && performance.now() < limit) await delay(5);
    assert.equal(tryMark(pid), undefined);
    await running.stop();
    assert.equal(existsSync(folder), false);
  });

  test('the same card has the same identifier whatever the reader', async () => {
    const running = await service({ readers: ['ACS ACR122U', 'SONY FeliCa RC-S300'] });
    const process = host(running.socket);
    process.send({ kind: 'configure', ignoreReaders: [], severalWithinMilliseconds: 0 });
    await process.next('status', ({ readers }) => readers.length === 2);
    const idm = '0110010203040506';
    const seen = [];
    for (const [index, atr] of [cards.atrs.felicaAcs, cards.atrs.felica].entries()) {
      const slot = createVirtualSlot(running.ports[index] ?? assert.fail());
      await slot.insert(cards.identified(atr, idm));
      seen.push((await process.next('card-read')).card);
      await slot.remove();
      await process.next('card-left');
    }
    assert.deepEqual(seen[0], seen[1]);
  });

  test('Debian’s own virtual reader, whose pulled card answers success with no bytes', async () => {
    const running = await service({ driver: 'vpcd' });
    const process = host(running.socket);
    await process.next('status', ({ readers }) => readers.length === 2);
    const slot = createVirtualSlot(running.ports[0] ?? assert.fail());
    await slot.insert(cards.iso14443a(uid));
    assert.equal((await process.next('card-read')).card.identifier, uid);
    await slot.remove();
    await process.next('card-left');
    await slot.insert(cards.pulledWhileRead);
    assert.equal((await process.next('card-misread')).reason, 'too-short');
    await process.next('card-left');
  });

  test('a service that has stopped leaves no folder and no mount', async () => {
    const folder = newFolder();
    const running = await startReaderService({ folder });
    await running.stop();
    assert.equal(existsSync(folder), false);
    assert.equal(readFileSync('/proc/self/mountinfo', 'utf8').includes(folder), false);
    assert.equal(
      readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .some((pid) => commandOf(pid).includes(folder)),
      false,
    );
  });
});

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
