import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright';
import { axe, type ConsoleWorld, createConsoleWorld } from './console-world.ts';
import * as hands from './hands.ts';
import { createSaid, type Language } from './said.ts';
import type { ScriptedTerminal } from './scripted-terminal.ts';

/** One for each language. */
const people = {
  ja: { number: '104233', name: '佐藤 花子', card: hands.badge },
  en: { number: '104234', name: '鈴木 次郎', card: hands.spare },
} as const;
const pin = '58203917';
let world: ConsoleWorld;
let page: Page;
let terminal: ScriptedTerminal;
const addresses: Partial<Record<Language, string>> = {};
let heard: readonly string[];

before(async () => {
  world = await createConsoleWorld();
  page = await world.browser('ja');
  page.setDefaultTimeout(10_000);
  heard = hands.complaints(page);
  await hands.becomeAdmin(page, world.firstAdmin);
  terminal = await hands.announce(world, page, '3東-NS-02');
  for (const language of ['ja', 'en'] as const) {
    const { number, name, card } = people[language];
    await hands.addPerson(page, { number, name });
    await hands.enrol(page, terminal, card, pin);
    addresses[language] = new URL(page.url()).hash;
  }
});
after(() => world?.stop());

const dialog = () => page.getByRole('dialog');
const clean = async (what: string): Promise<void> => assert.deepEqual(await axe(page), [], what);
const show = async (language: Language): Promise<void> => {
  await page.goto(`${world.origin}/console/${addresses[language]}`);
  await page.getByRole('heading', { level: 1, name: people[language].name }).waitFor();
  await page.evaluate((to) => document.querySelector<HTMLElement>(`.languages [lang="${to}"]`)?.click(), language);
  await page.locator(`html[lang="${language}"]`).waitFor();
};

for (const language of ['ja', 'en'] as const) {
  const say = createSaid(language);
  const { name, card } = people[language];
  const region = (key: string) => page.getByRole('region', { name: say(key) });

  test(`a session is ended from the page of its person, which says what it will do and what it did (${language})`, async () => {
    await terminal.logIn(card, pin);
    await show(language);
    await region('session.title')
      .getByRole('button', { name: say('session.end-one', { terminal: '3東-NS-02' }) })
      .click();
    const about = { name, terminal: '3東-NS-02' };
    await dialog()
      .getByRole('heading', { name: say('session.end-title', about) })
      .waitFor();
    for (const will of ['session.end-locks', 'session.end-again', 'session.end-others'])
      await dialog().getByText(say(will, about)).waitFor();
    await clean('before a session is ended');
    const submit = dialog().getByRole('button', { name: say('session.end-submit'), exact: true });
    assert.ok(await submit.isDisabled(), 'a reason comes first');
    await dialog()
      .getByRole('radio', { name: say('reason.suspected-misuse') })
      .check();
    await submit.click();
    const { order } = await terminal.next('revocation');
    assert.equal(order.what, 'session');
    await dialog()
      .getByRole('heading', { name: say('session.ended', about) })
      .waitFor();
    assert.equal((await terminal.confirm(order.number, true)).status, 200);
    await dialog().getByText('3東-NS-02', { exact: true }).waitFor();
    await clean('after a session was ended');
    await dialog()
      .getByRole('button', { name: say('common.done') })
      .click();
    await region('session.title').getByText(say('session.none')).waitFor();
    // What was left in force is: the same card and PIN open again.
    await terminal.logIn(card, pin);
    await region('session.title').getByText('3東-NS-02').waitFor();
  });

  test(`a PIN is revoked from the page of its person: what it opened locks, and it opens nothing more (${language})`, async () => {
    await show(language);
    const about = { name, factor: say('factor.pin') };
    await region('factor.title')
      .getByRole('button', { name: say('revoke.factor.one', about) })
      .click();
    await dialog()
      .getByRole('heading', { name: say('revoke.factor.title', about) })
      .waitFor();
    await dialog()
      .getByText(say('revoke.factor.locks', { terminals: '3東-NS-02' }))
      .waitFor();
    await dialog().getByText(say('revoke.factor.anew.pin')).waitFor();
    assert.equal(await dialog().getByText(say('revoke.factor.console')).count(), 0, 'a PIN opens no console');
    await clean('before a factor is revoked');
    await dialog()
      .getByRole('radio', { name: say('revoke.other') })
      .check();
    await dialog().getByLabel(say('revoke.own-words')).fill('見られた');
    await dialog()
      .getByRole('button', { name: say('revoke.factor.submit'), exact: true })
      .click();
    const { order } = await terminal.next('revocation');
    assert.equal(order.what, 'credential');
    await dialog()
      .getByRole('heading', { name: say('revoke.factor.done', about) })
      .waitFor();
    await clean('after a factor was revoked');
    await dialog()
      .getByRole('button', { name: say('common.done') })
      .click();
    const line = region('factor.title')
      .getByRole('listitem')
      .filter({ hasText: say('factor.pin') });
    await line.getByText(say('factor.state.disabled')).waitFor();
    assert.equal(await line.getByRole('button', { name: say('revoke.factor.one', about) }).count(), 0);
    await region('session.title').getByText(say('session.none')).waitFor();
    const refused = await terminal.post('/v1/attempts', { lock: crypto.randomUUID(), card });
    assert.notEqual(refused.body.failure, undefined, 'no factor is left to ask for');
  });
}

test('an authenticator is revoked with the sign-ins to the console that it opened', async () => {
  const say = createSaid('en');
  await page.getByRole('button', { name: '日本語' }).click();
  const signer = await hands.invite(world, page, 'helpdesk', 'ヘルプデスク');
  await signer.getByRole('navigation', { name: 'メニュー' }).waitFor();
  await hands.open(page, '職員');
  await page.getByRole('link', { name: 'ヘルプデスク 次郎' }).click();
  await page.getByRole('heading', { level: 1, name: 'ヘルプデスク 次郎' }).waitFor();
  await page.getByRole('button', { name: 'English' }).click();
  const about = { name: 'ヘルプデスク 次郎', factor: say('factor.totp') };
  await page.getByRole('button', { name: say('revoke.factor.one', about) }).click();
  await dialog().getByText(say('revoke.factor.console')).waitFor();
  await dialog().getByText(say('revoke.no-session')).waitFor();
  await dialog()
    .getByRole('radio', { name: say('reason.suspected-misuse') })
    .check();
  await dialog()
    .getByRole('button', { name: say('revoke.factor.submit'), exact: true })
    .click();
  await dialog()
    .getByRole('heading', { name: say('revoke.factor.done', about) })
    .waitFor();
  await signer.reload();
  await signer.getByRole('heading', { name: 'サインイン' }).waitFor();
  await dialog()
    .getByRole('button', { name: say('common.done') })
    .click();
  assert.deepEqual(heard, []);
});

test('nobody revokes a factor of their own', async () => {
  await page.getByRole('button', { name: '日本語' }).click();
  await hands.open(page, '職員');
  await page.getByRole('link', { name: '管理 一郎' }).click();
  await page.getByRole('heading', { level: 1, name: '管理 一郎' }).waitFor();
  const factors = page.getByRole('region', { name: '認証手段' });
  await factors.getByText('有効', { exact: true }).first().waitFor();
  assert.equal(await factors.getByRole('button', { name: /失効/ }).count(), 0);
});
