import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Page, Route } from 'playwright';
import { root } from '#setup/paths.ts';
import { until } from '../world.ts';
import { assertFits, axe, type ConsoleWorld, createConsoleWorld } from './console-world.ts';
import * as hands from './hands.ts';
import { createSaid, type Language } from './said.ts';

/**
 * Every page while it loads, when it is there, when the server answers with a failure, and when it cannot be reached, at
 * 1280 × 720 pixels and at 200 %: as its kind stands in
 * the console's own table, so that a new page comes in by itself or fails here for want of an address.
 */
const table =
  /const Page = [\s\S]*?\n};/.exec(readFileSync(join(root, 'console', 'parts', 'shell.tsx'), 'utf8'))?.[0] ?? '';
const kinds = [...table.matchAll(/case '([\w-]+)':/g)].flatMap(([, kind]) => kind ?? []);
/** They ask the server for nothing before somebody does something. */
const silent: readonly string[] = ['import', 'help'];

let world: ConsoleWorld;
let page: Page;
let heard: readonly string[];
/** Where a page lies that its kind alone does not tell. */
let addresses: Readonly<Record<string, string>>;

const prepare = async (): Promise<void> => {
  world = await createConsoleWorld();
  const admin = await world.browser('ja');
  admin.setDefaultTimeout(10_000);
  await hands.becomeAdmin(admin, world.firstAdmin);
  const terminal = await hands.announce(world, admin, '3東-NS-02');
  await hands.addPerson(admin, { number: '104233', name: '佐藤 花子', kana: 'サトウ ハナコ' });
  await hands.enrol(admin, terminal, hands.badge, '58203917');
  const person = new URL(admin.url()).hash;
  const code = await terminal.post('/v1/attempts', { lock: crypto.randomUUID(), card: hands.spare });
  // Whoever looks at every page: an admin who is an auditor too.
  page = await hands.invite(world, admin, 'auditor', '監査担当');
  await admin.getByRole('button', { name: '登録内容を変更' }).click();
  await admin.getByRole('dialog').getByRole('checkbox', { name: '管理者' }).check();
  await admin.getByRole('dialog').getByRole('button', { name: '変更する' }).click();
  await admin.getByRole('dialog').waitFor({ state: 'detached' });
  page.setDefaultTimeout(10_000);
  heard = hands.complaints(page);
  await page.reload();
  await page.getByRole('navigation', { name: 'メニュー' }).getByRole('link', { name: '定期レビュー' }).click();
  await page.getByRole('button', { name: 'レビューを始める' }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: createSaid('ja')('periodic.take') })
    .click();
  await page.getByRole('heading', { level: 1, name: '第 1 回レビュー' }).waitFor();
  const review = new URL(page.url()).hash;
  const events = await page.evaluate(
    async () =>
      (await (await fetch('/v1/events?limit=200')).json()) as { readonly events: readonly { readonly id: string }[] },
  );
  addresses = {
    person,
    refusal: `#/refusals/${code.body.failure?.supportCode}`,
    'periodic-review': review,
    // An old one: the newest may have no place in the log yet.
    'event-proof': `#/proof/${events.events.at(-1)?.id}`,
  };
};

const addressOf = (kind: string): string => addresses[kind] ?? `#/${kind}`;
/** What a page asks for; who is signed in and the stream are the shell's own, and files are none of it. */
const isAsked = (address: URL): boolean =>
  address.pathname.startsWith('/v1/') && !/^\/v1\/console\/(me|stream)$/.test(address.pathname);
const answerAll = async (answer: (route: Route) => Promise<void>): Promise<void> => {
  await page.route(isAsked, answer);
};
const openAt = async (kind: string): Promise<void> => {
  await page.goto('about:blank');
  await page.goto(`${world.origin}/console/${addressOf(kind)}`);
};
const heading = () => page.locator('main h1');
const skeletons = () => page.locator('main [aria-busy="true"]');

/** Registers the tests of one language; each has a server of its own, so that both can run at a time. */
export const walkPages = (language: Language): void => {
  before(prepare);
  after(() => world?.stop());
  describe(`each page in ${language}`, () => {
    const say = createSaid(language);
    const alerts = () => page.locator('main [role="alert"]');
    const retry = () => page.getByRole('main').getByRole('button', { name: say('common.try-again') });
    // The other language has the same structure: its words alone are walked through.
    const isWhole = language === 'ja';
    const clean = async (what: string): Promise<void> => {
      if (isWhole) assert.deepEqual(await axe(page), [], what);
    };

    before(async () => {
      await page.goto(`${world.origin}/console/`);
      await page.getByRole('navigation', { name: /./ }).waitFor();
      await page.evaluate((to) => document.querySelector<HTMLElement>(`.languages [lang="${to}"]`)?.click(), language);
      await page.locator(`html[lang="${language}"]`).waitFor();
    });

    for (const kind of kinds) {
      test(`${kind}: loading, failed, out of reach, and there again`, async () => {
        const { promise: released, resolve: release } = Promise.withResolvers<void>();
        await answerAll(async (route) => {
          await released;
          await route.continue().catch(() => {});
        });
        await openAt(kind);
        await heading().waitFor();
        assert.notEqual(await heading().first().innerText(), '');
        if (!silent.includes(kind)) {
          await skeletons().first().waitFor();
          assert.equal(await skeletons().first().getByText(say('common.loading')).count(), 1);
        }
        await clean(`${kind} while it loads`);
        release();
        await until(`${kind} is there`, async () => (await skeletons().count()) === 0);
        await page.unroute(isAsked);
        assert.equal(await retry().count(), 0);
        await assertFits(page, kind);
        if (silent.includes(kind)) return;

        for (const [code, answer] of [
          ['INTERNAL', (route: Route) => route.fulfill({ status: 500, json: { failure: { code: 'INTERNAL' } } })],
          ['SERVER_UNREACHABLE', (route: Route) => route.abort('connectionrefused')],
        ] as const) {
          // Both are one picture with other words.
          if (isWhole !== (code === 'INTERNAL')) continue;
          await answerAll(answer);
          await openAt(kind);
          await alerts()
            .filter({ hasText: say(`failure.${code}`) })
            .first()
            .waitFor();
          await until('nothing loads any more', async () => (await skeletons().count()) === 0);
          assert.ok((await heading().count()) === 1, `${kind} keeps one heading`);
          await clean(`${kind}: ${code}`);
          await assertFits(page, `${kind}: ${code}`);
          // Again in vain, and then with success.
          await retry().first().click();
          await alerts()
            .filter({ hasText: say(`failure.${code}`) })
            .first()
            .waitFor();
          await page.unroute(isAsked);
          // A change that is pushed meanwhile has the page ask again by itself.
          await retry()
            .first()
            .click()
            .catch(async (problem: unknown) => {
              if ((await retry().count()) > 0) throw problem;
            });
          await until(
            `${kind} is there after all`,
            async () => (await retry().count()) === 0 && (await skeletons().count()) === 0,
          );
          assert.equal(
            await alerts()
              .filter({ hasText: say(`failure.${code}`) })
              .count(),
            0,
            kind,
          );
          assert.notEqual(await heading().first().innerText(), '');
        }
      });
    }

    test('without a network every page says so above itself, and that it will come back', async () => {
      await openAt('terminals');
      await page.getByText('3東-NS-02').waitFor();
      await page.context().setOffline(true);
      await page.getByRole('status').getByText(say('nav.offline')).waitFor();
      assert.equal(await page.getByText('3東-NS-02').count(), 1, 'what was there stays');
      await clean('offline');
      await page.evaluate(() => {
        location.hash = '#/people';
      });
      await alerts()
        .filter({ hasText: say('failure.SERVER_UNREACHABLE') })
        .first()
        .waitFor();
      await page.getByRole('status').getByText(say('nav.offline')).waitFor();
      await page.context().setOffline(false);
      await page.getByText(say('nav.offline')).waitFor({ state: 'detached' });
      await retry().first().click();
      await page.getByRole('link', { name: '佐藤 花子' }).waitFor();
    });
  });

  test('every kind of page was walked, and no script failed', () => {
    assert.ok(kinds.length >= 25, kinds.join(' '));
    assert.equal(new Set(kinds).size, kinds.length);
    assert.deepEqual(heard, []);
  });
};
