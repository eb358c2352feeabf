import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { until } from '../../world.ts';
import { axe } from '../console-world.ts';
import * as hands from '../hands.ts';
import { createSaid } from '../said.ts';
import { goTo, switchTo, type Way } from './seat.ts';

/** What an auditor does. 鷲尾 千種 was added today. */
export const auditorTasks = (way: Way): void => {
  const { language, seat, hands: handsOf } = way;
  const say = createSaid(language);
  const page = () => seat().page;
  const hand = () => handsOf(page());
  const button = (key: string) => page().getByRole('button', { name: say(key), exact: true });
  const go = (room: string) => goTo(way, `nav.${room}`);

  describe(`auditor, in ${language}`, () => {
    before(() => switchTo(page(), language));

    test('finds in the log what was done to somebody, by what it was, the day and the person', async () => {
      await go('log');
      const field = (key: string) => page().getByLabel(say(key), { exact: true });
      await hand().choose(field('log.kind'), say('kind.person.added'));
      await hand().choose(field('log.period'), say('log.period.today'));
      await hand().fill(field('log.person'), 'ワシオ');
      await hand().click(page().getByRole('button', { name: '鷲尾 千種 104233' }));
      const found = page().locator('.event-words');
      await until('one event is left', async () => (await found.count()) === 1);
      assert.match((await found.textContent()) ?? '', /鷲尾 千種/);
      assert.match(new URL(page().url()).hash, /^#\/log\?(?=.*kind=person\.added)(?=.*period=today)(?=.*person=)/);
      assert.deepEqual(await axe(page()), []);
      await hand().click(button('log.clear'));
      await until('the others are there again', async () => (await found.count()) > 1);
    });

    test('sees by the checkpoint that the log grows, and the keys that sign it', async () => {
      await go('proof');
      const fact = (key: string) =>
        page()
          .locator('dt', { hasText: say(key) })
          .locator('xpath=following-sibling::dd[1]');
      const size = async () => Number((await fact('log-proof.size').textContent())?.replaceAll(',', ''));
      const root = () => fact('log-proof.root').textContent();
      await page()
        .getByRole('heading', { name: say('log-proof.checkpoint') })
        .waitFor();
      const [lines, tree] = [await size(), await root()];
      assert.ok(lines > 0);
      const refused = await seat().terminal.post('/v1/attempts', { lock: randomUUID(), card: hands.spare });
      assert.notEqual(refused.status, 200);
      await until('it was signed', async () => {
        await hand().click(button('log-proof.refresh'));
        return (await size()) > lines;
      });
      assert.notEqual(await root(), tree);
      assert.match((await page().locator('.key-lines code').first().textContent()) ?? '', /\S{20}/);
      assert.deepEqual(await axe(page()), []);
    });

    test('reviews a period: its figures, findings in words, and a signature', async () => {
      await go('periodic-reviews');
      await hand().click(button('periodic.begin'));
      await hand().click(
        page()
          .getByRole('dialog')
          .getByRole('button', { name: say('periodic.take'), exact: true }),
      );
      await page()
        .locator('.figure', { hasText: say('periodic.figure.signed-in') })
        .waitFor();
      const title = (await page().getByRole('heading', { level: 1 }).textContent()) ?? '';
      await hand().click(page().getByRole('radio', { name: say('periodic.verdict.in-order') }));
      await hand().fill(page().getByLabel(say('periodic.findings'), { exact: true }), `seen, ${language}`);
      await hand().click(button('periodic.sign'));
      await page()
        .locator('.found-out', { hasText: `seen, ${language}` })
        .waitFor();
      assert.equal(await button('periodic.sign').count(), 0, 'it is signed once');
      assert.deepEqual(await axe(page()), []);
      await go('periodic-reviews');
      const row = page().getByRole('row', { name: title });
      await row.getByText(say('periodic.verdict.in-order')).waitFor();
    });
  });
};
