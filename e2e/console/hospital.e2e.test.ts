import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright';
import { axe } from './console-world.ts';
import { countHands, countKeys } from './counted.ts';
import * as hands from './hands.ts';
import { createHospitalWorld, type HospitalWorld, signIn, signInClient, thousandBeds } from './hospital-world.ts';
import { createSaid } from './said.ts';
import type { ScriptedTerminal } from './scripted-terminal.ts';
import { adminTasks } from './tasks/admin.ts';
import { auditorTasks } from './tasks/auditor.ts';
import { helpdeskTasks } from './tasks/helpdesk.ts';

let world: HospitalWorld;
let terminal: ScriptedTerminal;
let page: Page;
const heard: (readonly string[])[] = [];

before(async () => {
  world = await createHospitalWorld(thousandBeds);
  const admin = await signInClient(world, world.made.signIns.admin);
  const { code } = await admin.do('terminals/announce', { body: { name: 'Desk-7', place: '職員証窓口' } });
  terminal = await world.terminal(code);
});
after(() => world?.stop());

const sitDown = async (role: 'helpdesk' | 'admin' | 'auditor'): Promise<void> => {
  page = await signIn(world, world.made.signIns[role]);
  heard.push(hands.complaints(page));
};
const seat = () => ({ page, terminal });

describe('the main tasks in a hospital of 3,000 people, 5,000 cards and 1,200 terminals', () => {
  describe('signed in as helpdesk', () => {
    before(() => sitDown('helpdesk'));
    helpdeskTasks({ language: 'ja', seat, hands: countHands });
    helpdeskTasks({ language: 'en', seat, hands: countKeys });

    test('a search that fits several terminals leaves none chosen, and Enter begins nothing', async () => {
      const say = createSaid('en');
      await page.goto(`${world.origin}/console/#/people?search=104244`);
      await page.getByRole('rowheader').filter({ hasText: 'Hana Smith' }).getByRole('link').click();
      await page
        .getByRole('button', { name: say('card.enrol') })
        .first()
        .click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('radio', { name: say('identity.known-in-person') }).check();
      const choice = dialog.getByLabel(say('ceremony.terminal'), { exact: true });
      const begin = dialog.getByRole('button', { name: say('ceremony.begin') });
      assert.equal(await choice.inputValue(), terminal.id, 'it was used last');
      assert.ok(await begin.isEnabled());
      const find = dialog.getByLabel(say('ceremony.find-terminal'));
      await find.fill('NS-01');
      await dialog.getByText(/^\d+ found$/).waitFor();
      assert.equal(await choice.inputValue(), '');
      await find.press('Enter');
      assert.ok(await begin.isDisabled());
      await find.fill(terminal.name);
      await dialog.getByText(say('ceremony.terminal-chosen', { name: terminal.name })).waitFor();
      assert.equal(await choice.inputValue(), terminal.id);
      assert.deepEqual(await axe(page), []);
      await dialog.getByRole('button', { name: say('common.cancel') }).click();
    });
  });
  describe('signed in as an admin', () => {
    before(() => sitDown('admin'));
    adminTasks({ language: 'ja', seat, hands: countHands });
    adminTasks({ language: 'en', seat, hands: countKeys });
  });
  describe('signed in as an auditor', () => {
    before(() => sitDown('auditor'));
    auditorTasks({ language: 'ja', seat, hands: countHands });
    auditorTasks({ language: 'en', seat, hands: countKeys });
  });

  test('nothing was blocked by the page’s policy and no script failed', () => {
    assert.equal(heard.length, 3);
    assert.deepEqual(heard.flat(), []);
  });
});
