import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright';
import { node, root } from '#setup/paths.ts';
import { type ConsoleWorld, createConsoleWorld } from './console-world.ts';
import * as hands from './hands.ts';
import { keep } from './pictures.ts';

let world: ConsoleWorld;
let admin: Page;
let auditor: Page;
let folder: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kazasu-proof-'));
  world = await createConsoleWorld();
  admin = await world.browser('ja');
  admin.setDefaultTimeout(10_000);
  await hands.becomeAdmin(admin, world.firstAdmin);
  auditor = await hands.invite(world, admin, 'auditor', '監査担当');
  auditor.setDefaultTimeout(10_000);
});
after(async () => {
  await world?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const go = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'メニュー' }).getByRole('link', { name, exact: true }).click();
const saveBy = async (button: string): Promise<string> => {
  const [saved] = await Promise.all([
    auditor.waitForEvent('download'),
    auditor.getByRole('button', { name: button }).click(),
  ]);
  const path = join(folder, saved.suggestedFilename());
  await saved.saveAs(path);
  return path;
};
const verify = (...words: string[]): { readonly code: number | null; readonly said: string } => {
  const { status, stdout, stderr } = spawnSync(node, [join(root, 'server/verify-log.ts'), ...words], {
    encoding: 'utf8',
  });
  return { code: status, said: stdout + stderr };
};

test('an auditor takes checkpoint and log along and verifies them without the server', async () => {
  await go(auditor, '記録の証明');
  await auditor.getByText('最新のチェックポイント').waitFor();
  await keep(auditor, 'proof');
  const checkpoint = await saveBy('チェックポイントを保存');
  const log = await saveBy('書き出して保存');
  await auditor.getByText('に保存しました').waitFor();
  await keep(auditor, 'proof-saved');
  const key = await auditor.locator('.key-lines code').first().textContent();
  const { code, said } = verify(log, '--checkpoint', checkpoint, '--key', key ?? '');
  assert.equal(code, 0, said);
  assert.match(said, /^Verified: positions 0 to \d+ as they were signed/);
  const text = readFileSync(log, 'utf8');
  assert.ok(text.includes('管理 一郎') || text.includes('"kind":"person.added"'), 'it is the log of this hospital');
  await go(auditor, '記録');
  await auditor.getByText('記録が書き出されました').first().waitFor();
});

test('an admin sees the ends of certificates and what hangs on each key', async () => {
  await go(admin, '鍵と証明書');
  const row = admin.getByRole('row', { name: '暗証番号とパスワード' });
  await row.getByText('使用中', { exact: true }).waitFor();
  // The passwords of admin and auditor.
  assert.match((await row.textContent()) ?? '', /2$/);
  assert.match((await admin.getByRole('main').textContent()) ?? '', /localhost/);
  await keep(admin, 'keys');
});

test('only an auditor exports and compares; an operator sees the same checkpoint', async () => {
  const operator = await hands.invite(world, admin, 'operator', '運用担当');
  await go(operator, '記録の証明');
  await operator.getByText('最新のチェックポイント').waitFor();
  assert.equal(await operator.getByRole('button', { name: '書き出して保存' }).count(), 0);
  assert.equal(await operator.getByRole('button', { name: '比べる' }).count(), 0);
});
