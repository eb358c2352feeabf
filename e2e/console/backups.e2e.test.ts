import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright';
import { node, root } from '#setup/paths.ts';
import { assertFits, axe, type ConsoleWorld, createConsoleWorld } from './console-world.ts';
import * as hands from './hands.ts';
import { keep } from './pictures.ts';
import { createSaid } from './said.ts';
import { switchTo } from './tasks/seat.ts';

let world: ConsoleWorld;
let admin: Page;
let operator: Page;
let folder: string;
let heard: readonly string[];
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kazasu-backups-'));
  world = await createConsoleWorld();
  admin = await world.browser('ja');
  admin.setDefaultTimeout(10_000);
  await hands.becomeAdmin(admin, world.firstAdmin);
  operator = await hands.invite(world, admin, 'operator', '運用担当');
  operator.setDefaultTimeout(10_000);
  heard = hands.complaints(operator);
});
after(async () => {
  await world?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What the page says to run, as an operator runs it on the server's machine. */
const runAsShown = (command: string): void => {
  const shell = command.replace(/^npm run (backup|restore) -- /, `${node} server/$1.ts `);
  const data = join(dirname(world.authority), '..');
  const { status, stderr } = spawnSync('/bin/sh', ['-c', shell], {
    cwd: root,
    env: { PATH: process.env['PATH'], KAZASU_DATA: data },
    encoding: 'utf8',
  });
  assert.equal(status, 0, `${command}: ${stderr}`);
};

for (const language of ['ja', 'en'] as const) {
  describe(`backups, in ${language}`, () => {
    const say = createSaid(language);
    const page = (): Page => operator;
    const notice = (kind: string) =>
      page()
        .locator('.notice')
        .filter({ hasText: say(`backups.problem.${kind}`) });
    const commandIn = async (kind: string): Promise<string> =>
      (await notice(kind).locator('output').textContent()) ?? assert.fail(kind);
    const files = (): readonly string[] => readdirSync(folder).sort();
    const states = (): Promise<readonly string[]> => page().locator('main tbody .pill').allTextContents();

    before(async () => {
      await switchTo(page(), language);
      await page()
        .getByRole('navigation')
        .getByRole('link', { name: say('nav.backups'), exact: true })
        .click();
    });

    if (language === 'ja')
      test('without a backup the page says so, and the command that it shows makes one, which comes by itself', async () => {
        await page().getByText(say('overview.no-backup'), { exact: true }).first().waitFor();
        await keep(page(), 'backups-none');
        await switchTo(page(), language);
        const command = await commandIn('none');
        assert.equal(command, 'npm run backup -- --to /mnt/backups --keep 14');
        runAsShown(command.replace('/mnt/backups --keep 14', `${folder} --keep 2`));
        await page()
          .getByRole('row', { name: files()[0] ?? '' })
          .waitFor();
        await notice('none').waitFor({ state: 'detached' });
      });

    test('the key that lies on the server is moved as the page says, and the next backup knows', async () => {
      const data = join(dirname(world.authority), '..');
      if (language === 'en') return assert.equal(await notice('key-beside').count(), 0);
      const command = await commandIn('key-beside');
      assert.equal(command, `mv ${data}/backup-key.txt /media/usb/`);
      runAsShown(command.replace('/media/usb/', folder));
      runAsShown((await commandIn('store-none')).replace(' --write-once', ''));
      await notice('key-beside').waitFor({ state: 'detached' });
    });

    test('a generation says when the next one takes its place, and that it went', async () => {
      const before = files().filter((name) => name.endsWith('.age'));
      const [first = '', second = ''] = before;
      assert.equal(before.length, 2);
      const facts = page().locator('.facts');
      await facts.getByText(first, { exact: true }).waitFor();
      const { length } = await states();
      assert.deepEqual((await states()).slice(0, 2), [say('backups.state.kept'), say('backups.state.next')]);
      runAsShown((await commandIn('store-none')).replace(' --write-once', ''));
      await facts.getByText(second, { exact: true }).waitFor();
      assert.deepEqual(
        (await states()).slice(0, 3),
        ['kept', 'next', 'gone'].map((state) => say(`backups.state.${state}`)),
      );
      assert.equal((await states()).length, length + 1);
      await assertFits(page(), 'backups');
      if (language === 'en') {
        await keep(page(), 'backups');
        await switchTo(page(), language);
      }
      assert.deepEqual(await axe(page()), []);
    });

    test('a restore is practised as the page says, beside the server, and how it went comes by itself', async () => {
      const facts = page().locator('.facts');
      if (language === 'ja') await facts.getByText(say('backups.practised-none')).waitFor();
      const shown = await page().locator('output').filter({ hasText: '--drill' }).textContent();
      const [newest = ''] = files()
        .filter((name) => name.endsWith('.age'))
        .toReversed();
      assert.equal(shown, `npm run restore -- ${folder}/${newest} --key backup-key.txt --drill`);
      runAsShown(shown.replace('backup-key.txt', join(folder, 'backup-key.txt')));
      await facts.getByText(`${newest} (`).waitFor();
      await facts.getByText(say('backups.practised-well'), { exact: true }).waitFor();
      await assertFits(page(), 'backups');
      assert.deepEqual(await axe(page()), []);
      await keep(page(), `backups-practised-${language}`);
      await switchTo(page(), language);
    });

    test('they are found by file and state, sorted by size, and saved with the whole key', async () => {
      const [kept = ''] = files().filter((name) => name.endsWith('.age'));
      await page().getByLabel(say('backups.search')).fill(kept);
      await page()
        .getByText(say('list.count', { shown: 1, total: 1 }))
        .waitFor();
      await page().getByLabel(say('backups.search')).fill('');
      await page()
        .getByLabel(say('common.state'), { exact: true })
        .selectOption({ label: say('backups.state.gone') });
      await page().waitForFunction(
        (words) => document.querySelector('main tbody .pill')?.textContent === words,
        say('backups.state.gone'),
      );
      const [saved] = await Promise.all([
        page().waitForEvent('download'),
        page()
          .getByRole('button', { name: say('saving.csv'), exact: true })
          .click(),
      ]);
      const [head = '', line = ''] = readFileSync(await saved.path(), 'utf8').split('\r\n');
      assert.ok(head.startsWith(`\uFEFF${say('backups.at')},${say('backups.name')},${say('common.state')}`), head);
      assert.ok(line.includes(folder) && /age1[0-9a-z]{58}/.test(line), line);
      await page()
        .getByRole('columnheader', { name: say('backups.bytes') })
        .getByRole('button')
        .click();
      await page().waitForFunction(() => location.hash === '#/backups?state=gone&sort=bytes&order=rising');
      await page().getByLabel(say('common.state'), { exact: true }).selectOption({ index: 0 });
      assert.deepEqual(heard, []);
    });
  });
}
