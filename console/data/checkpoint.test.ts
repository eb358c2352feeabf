import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tidyCheckpoint, tryReadCheckpoint, tryReadLine } from './checkpoint.ts';

const root = 'qRUHnYvvFfjJl9SgjhdLO8zpyl+Bqgyxy5BtKHTYBWE=';

describe('a checkpoint', () => {
  it('is read in its four lines, whoever signed below', () => {
    const note = `kazasu.example/1\n1234\n${root}\nat 2026-11-29T03:04:05.678Z\n\n— kazasu.example/1 AbCd\n`;
    assert.deepEqual(tryReadCheckpoint(note), {
      origin: 'kazasu.example/1',
      size: 1234,
      root,
      at: '2026-11-29T03:04:05.678Z',
    });
  });

  it('that lacks a line or has another one is none', () => {
    for (const note of ['', 'a', `a\n12\n${root}\n`, `a\n-1\n${root}\nat 2026-11-29T03:04:05Z\n`, `a\n1\n\nat x\n`])
      assert.equal(tryReadCheckpoint(note), undefined, note);
  });

  it('is as it was saved after a way through an editor or a letter', () => {
    const note = `kazasu.example/1\n12\n${root}\nat 2026-11-29T03:04:05.678Z\n\n\u2014 kazasu.example/1 AbCd\n`;
    for (const given of [note, `\ufeff${note.replaceAll('\n', '\r\n')}`, `\n\n${note.trimEnd()}`, `${note}\r\n \n`])
      assert.equal(tidyCheckpoint(given), note);
  });
});

describe('a line of the log', () => {
  it('says what it is, whatever its details are called', () => {
    const line =
      '{"seq":7,"kind":"guard.started","id":"a-1","at":"2026-11-29T03:04:05.678901Z","detail":{"kind":"b","at":"c"}}';
    assert.deepEqual(tryReadLine(line), { kind: 'guard.started', at: '2026-11-29T03:04:05.678901Z', id: 'a-1' });
    assert.deepEqual(tryReadLine('hello'), { kind: '', at: '', id: '' });
  });
});
