import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { createConsoleWorld } from './console-world.ts';
import { guideFolder, guidePages } from './guide-pages.ts';
import * as hands from './hands.ts';
import { createSaid } from './said.ts';

/** Writes the guides and takes their pictures, from the real server in a real browser. */
mkdirSync(guideFolder, { recursive: true });
for (const [name, text] of guidePages()) writeFileSync(join(guideFolder, name), text);

const say = createSaid('ja');

/** In both languages; small, since they are looked at beside the text. */
const take = async (page: Page, name: string): Promise<void> => {
  await page.setViewportSize({ width: 1024, height: 640 });
  for (const language of ['en', 'ja'] as const) {
    await page.evaluate((to) => document.querySelector<HTMLElement>(`.languages [lang="${to}"]`)?.click(), language);
    await page.locator(`html[lang="${language}"]`).waitFor();
    const path = join(guideFolder, `${name}.${language}.jpg`);
    await page.screenshot({ path, type: 'jpeg', quality: 50, animations: 'disabled' });
  }
};
const goTo = async (page: Page, fragment: string): Promise<void> => {
  await page.evaluate((to) => {
    location.hash = to;
  }, fragment);
  await page.locator('.skeleton').first().waitFor({ state: 'detached' });
};

const world = await createConsoleWorld();
try {
  const admin = await world.browser('ja');
  await hands.becomeAdmin(admin, world.firstAdmin);
  const terminal = await hands.announce(world, admin, '3東-NS-02');
  await hands.announce(world, admin, '外来-05');
  const page = await hands.invite(world, admin, 'helpdesk', 'ヘルプデスク');
  const auditor = await hands.invite(world, admin, 'auditor', '監査');
  const dialog = page.getByRole('dialog');
  await hands.addPerson(page, { number: '104233', name: '佐藤 花子', kana: 'サトウ ハナコ' });
  const person = new URL(page.url()).hash;

  await hands.begin(page, terminal, say('card.enrol'));
  await dialog.getByText(say('card.hold', { terminal: terminal.name, name: '佐藤 花子' })).waitFor();
  await take(page, 'helpdesk-enrol');
  await dialog.getByRole('button', { name: say('ceremony.cancel') }).click();
  await dialog.waitFor({ state: 'detached' });
  await terminal.next('ceremony-cancelled');
  await hands.addPerson(page, { number: '104240', name: '鈴木 次郎', kana: 'スズキ ジロウ' });
  await hands.addPerson(page, { number: '104251', name: '髙橋 みなみ', kana: 'タカハシ ミナミ' });
  await goTo(page, '#/card-queue');
  await page.getByRole('heading', { level: 2, name: '佐藤 花子', exact: true }).waitFor();
  await take(page, 'helpdesk-queue');
  await goTo(page, person);
  await hands.enrol(page, terminal, hands.badge, '58203917');
  await terminal.logIn(hands.badge, '58203917');

  await page.getByRole('button', { name: say('substitute.give') }).click();
  await dialog.getByRole('radio', { name: say('substitute.cause.lost') }).check();
  await dialog.getByRole('radio', { name: say('identity.photo-identification') }).check();
  await take(page, 'helpdesk-lost');
  await dialog.getByRole('button', { name: say('common.cancel') }).click();

  await goTo(admin, person);
  const revoking = admin.getByRole('dialog');
  await admin.getByRole('button', { name: say('card.revoke-one', { ending: '7081' }) }).click();
  await revoking.getByRole('radio', { name: say('reason.card-lost') }).check();
  await revoking.getByRole('button', { name: say('revoke.card.submit') }).click();
  const { order } = await terminal.next('revocation');
  await terminal.confirm(order.number, true);
  await revoking
    .getByText(/^\d+ ミリ秒で確認$/)
    .first()
    .waitFor();
  await take(admin, 'admin-revoke');
  await revoking.getByRole('button', { name: say('common.done') }).click();

  const refused = await terminal.post('/v1/attempts', { lock: randomUUID(), card: hands.badge });
  await goTo(page, `#/refusals/${String(refused.body.failure?.supportCode)}`);
  await page.getByRole('heading', { name: say('why.title') }).waitFor();
  await take(page, 'helpdesk-why');

  await goTo(auditor, '#/log');
  await auditor.locator('.event').first().waitFor();
  await take(auditor, 'auditor-log');
  await goTo(auditor, '#/proof');
  await take(auditor, 'auditor-proof');
} finally {
  await world.stop();
}
