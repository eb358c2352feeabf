import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { axe } from '../console-world.ts';
import { createSaid } from '../said.ts';
import { goTo, switchTo, type Way } from './seat.ts';

/** What an admin does now and then. Somebody has logged in within the last days. */
export const adminTasks = (way: Way): void => {
  const { language, seat, hands: handsOf } = way;
  const say = createSaid(language);
  const page = () => seat().page;
  const button = (key: string) => page().getByRole('button', { name: say(key), exact: true });

  describe(`admin, in ${language}`, () => {
    before(() => switchTo(page(), language));

    test('tries a draft of the policy on the logins of the last days, and throws it away', async () => {
      const hand = handsOf(page());
      const name = '当直帯';
      await goTo(way, 'nav.policy');
      const inForce = (await page().locator('.page-title .pill').textContent()) ?? '';
      await hand.click(button('policy-page.edit'));
      await hand.click(button('policy-page.add-rule'));
      const rule = page().getByRole('group', { name: say('policy-page.new-rule', { number: 1 }) });
      const demand = rule.getByLabel(say('policy-page.demand'), { exact: true });
      await hand.choose(demand, say('policy-page.demand-choice.totp'));
      await hand.fill(rule.getByLabel(say('policy-page.rule-name'), { exact: true }), name);
      await page()
        .getByText(say('policy-page.changed', { count: 1 }))
        .waitFor();
      await hand.click(button('policy-page.plan'));
      await page()
        .getByRole('heading', { name: say('policy-page.run', { days: 7 }) })
        .waitFor();
      const run = await page().locator('.dry-run').innerText();
      assert.ok(run.includes(say('policy-page.effect.newly-refused')), run);
      assert.ok(run.includes(say('policy-page.cause.no-usable-factor', { rule: name })), run);
      const changes = page().getByRole('table', { name: say('policy-page.changes') });
      assert.ok((await changes.innerText()).includes(name));
      assert.ok(await button('policy-page.apply').isDisabled(), 'a reason comes first');
      assert.deepEqual(await axe(page()), []);
      await hand.click(button('policy-page.discard'));
      await button('policy-page.edit').waitFor();
      assert.equal(
        await page().locator('.page-title .pill').textContent(),
        inForce,
        'nothing is in force but what was',
      );
    });
  });
};
