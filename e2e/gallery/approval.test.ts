import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import sharp from 'sharp';
import { type Approval, createApproval } from './approval.ts';

/** A display with one line of words on it. */
const display = (words: string, size = { width: 480, height: 270 }): Promise<Buffer> =>
  sharp(
    Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}">
        <rect width="100%" height="100%" fill="#08192b"/>
        <text x="60" y="100" font-size="16" font-family="Noto Sans CJK JP" fill="#f5fafd">${words}</text>
      </svg>`,
    ),
  )
    .png()
    .toBuffer();

describe('the approval of pictures', () => {
  let folder = '';
  const open = (): Approval => createApproval(join(folder, 'approved'), join(folder, 'differences'));
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kazasu-approval-'));
    const approval = open();
    await approval.approve('ready.en', await display('Hold your card'));
    await approval.approve('refused.en', await display('This card cannot be used'));
    approval.finish({ approving: true });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('the same pictures have no fault and leave no difference behind', async () => {
    const approval = open();
    await approval.judge('ready.en', await display('Hold your card'));
    await approval.judge('refused.en', await display('This card cannot be used'));
    assert.deepEqual(approval.finish(), []);
    assert.equal(existsSync(join(folder, 'differences')), false);
  });

  test('one changed letter is a fault, and a picture shows where', async () => {
    const approval = open();
    await approval.judge('ready.en', await display('Hold your cord'));
    await approval.judge('refused.en', await display('This card cannot be used'));
    assert.deepEqual(approval.finish(), [{ kind: 'changed', name: 'ready.en' }]);
    const shown = await sharp(readFileSync(join(folder, 'differences', 'ready.en.changed.png'))).metadata();
    assert.deepEqual([shown.width, shown.height], [480 * 3 + 16, 270]);
  });

  test('another colour of the same words is a fault', async () => {
    const approval = open();
    const recoloured = await sharp(await display('Hold your card'))
      .tint('#ffcb52')
      .png()
      .toBuffer();
    await approval.judge('ready.en', recoloured);
    await approval.judge('refused.en', await display('This card cannot be used'));
    assert.deepEqual(approval.finish(), [{ kind: 'changed', name: 'ready.en' }]);
  });

  test('another size is a fault', async () => {
    const approval = open();
    await approval.judge('ready.en', await display('Hold your card', { width: 480, height: 300 }));
    await approval.judge('refused.en', await display('This card cannot be used'));
    assert.deepEqual(approval.finish(), [{ kind: 'changed', name: 'ready.en' }]);
  });

  test('a picture that nobody approved and one that is no longer taken are faults', async () => {
    const approval = open();
    await approval.judge('ready.en', await display('Hold your card'));
    await approval.judge('reading.en', await display('Reading'));
    assert.deepEqual(approval.finish(), [
      { kind: 'missing', name: 'reading.en' },
      { kind: 'surplus', name: 'refused.en' },
    ]);
    assert.deepEqual(readdirSync(join(folder, 'differences')).sort(), [
      'reading.en.missing.png',
      'refused.en.surplus.png',
    ]);
  });

  test('what was not asked for is not surplus', async () => {
    const approval = open();
    await approval.judge('ready.en', await display('Hold your card'));
    assert.deepEqual(approval.finish({ isWanted: (name) => name.startsWith('ready') }), []);
  });

  test('approving keeps the bytes of what is the same, writes what changed and removes what is no longer taken', async () => {
    const path = join(folder, 'approved', 'ready.en.png');
    const before = [readFileSync(path), statSync(path).mtimeMs] as const;
    const first = open();
    await first.approve('ready.en', await display('Hold your card'));
    assert.deepEqual(first.finish({ approving: true }), []);
    assert.deepEqual([readFileSync(path), statSync(path).mtimeMs], before);
    assert.deepEqual(readdirSync(join(folder, 'approved')), ['ready.en.png']);

    await open().approve('ready.en', await display('Hold the card'));
    assert.notDeepEqual(readFileSync(path), before[0]);
  });
});
