import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { LoginEvent } from '#core/login/state.ts';
import { createCardKeys } from './card-key.ts';
import { createLog } from './log.ts';
import { startReaderLink } from './reader-link.ts';

let folder = '';
let program = '';
/** A reader process that reads one card when it is told whom to leave alone, says something foreign, and dies. */
const source = `
process.on('message', (message) => {
  if (message.kind === 'stop') process.exit(0);
  const reader = Object.keys(process.env).join();
  const card = { technology: 'iso14443a', identifier: '04A1B2C3D4E5F6', assurance: 'identifier' };
  process.send({ kind: 'status', status: 'ready', readers: [reader + message.ignoreReaders.join()] });
  process.send({ kind: 'card-entered', reader, presentation: 1 });
  process.send({ kind: 'card-opens-everything', reader, presentation: 1 });
  process.send({ kind: 'card-read', reader, presentation: 1, card: { ...card, identifier: 'nonsense' }, milliseconds: 1 });
  process.send({ kind: 'card-read', reader, presentation: 1, card, milliseconds: 1 }, () => process.exit(9));
});
`;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'kazasu-reader-'));
  program = join(folder, 'reader.cjs');
  writeFileSync(program, source);
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('a reader process that dies comes back; its cards keep their names, its presentations go on counting', async () => {
  const events: LoginEvent[] = [];
  const twice = Promise.withResolvers<void>();
  const log = createLog({ level: 'error', now: () => new Date(), write: () => undefined });
  const link = startReaderLink({
    program,
    environment: {},
    ignoreReaders: [' SAM '],
    cardKey: createCardKeys(),
    nonces: { current: () => 'off', spend: () => undefined, want: () => undefined },
    onEvent(event) {
      events.push(event);
      if (events.filter(({ kind }) => kind === 'card-read').length === 2) twice.resolve();
    },
    log,
  });
  await twice.promise;
  await link.stop();
  const once = (presentation: number) => [
    ['reader-changed', 'ready'],
    ['card-entered', presentation],
    ['card-read', presentation],
  ];
  const told = events.map((event) => [
    event.kind,
    'reader' in event ? event.reader : 'presentation' in event ? event.presentation : null,
  ]);
  assert.deepEqual(told.slice(0, 8), [...once(1), ['reader-changed', 'starting'], ['card-left', 1], ...once(2)]);
  const [status] = events;
  assert.ok(status?.kind === 'reader-changed' && status.name === 'UV_THREADPOOL_SIZE SAM ');
  const [first, second] = events.flatMap((event) => (event.kind === 'card-read' ? [event.card] : []));
  assert.equal(first, second);
  assert.ok(first && !first.includes('04A1B2'));
});

test('a card has another name in another run, and another card another name', () => {
  const evidence = {
    technology: 'felica',
    identifier: '0102030405060708',
    systemCode: 'FE00',
    assurance: 'identifier',
  } as const;
  const [one, two] = [createCardKeys(), createCardKeys()];
  assert.equal(one(evidence), one({ ...evidence }));
  assert.notEqual(one(evidence), two(evidence));
  assert.notEqual(one(evidence), one({ ...evidence, identifier: '0102030405060709' }));
});
