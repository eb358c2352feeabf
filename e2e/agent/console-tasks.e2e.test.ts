import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright';
import type { Role } from '#contract/api/row.ts';
import type { CardEvidence } from '#contract/card.ts';
import type { ConsoleClient } from '../client.ts';
import { axe, tooWide } from '../console/console-world.ts';
import { countHands, countKeys } from '../console/counted.ts';
import { complaints } from '../console/hands.ts';
import { createHospitalWorld, type HospitalWorld, signInClient, thousandBeds } from '../console/hospital-world.ts';
import { createSaid } from '../console/said.ts';
import type { ScriptedTerminal } from '../console/scripted-terminal.ts';
import { adminTasks } from '../console/tasks/admin.ts';
import { auditorTasks } from '../console/tasks/auditor.ts';
import { helpdeskTasks } from '../console/tasks/helpdesk.ts';
import { until } from '../world.ts';
import { createScreenWorld, type ScreenWorld } from './screen-world.ts';

const pin = '58203917';
const staff = {
  helpdesk: { name: 'ヘルプデスク 次郎', card: '0114B34D5E6F7001' },
  admin: { name: '管理者 次郎', card: '0114B34D5E6F7002' },
  auditor: { name: '監査担当 次郎', card: '0114B34D5E6F7003' },
} as const satisfies Partial<Record<Role, { readonly name: string; readonly card: string }>>;
type Sitter = keyof typeof staff;
const cardOf = (role: Sitter): CardEvidence => ({
  technology: 'felica',
  identifier: staff[role].card,
  systemCode: 'FE00',
  assurance: 'identifier',
});

/** The tasks of the console where no browser is: in the window that a terminal of a large hospital opens, signed in by its session. */
describe('the console in the terminal’s own window', { timeout: 600_000 }, () => {
  let server: HospitalWorld;
  let screen: ScreenWorld;
  let terminal: ScriptedTerminal;
  let page: Page;
  let release: () => void;
  const heard: (readonly string[])[] = [];

  const addStaff = async (admin: ConsoleClient, role: Sitter): Promise<void> => {
    const { person } = await admin.do('people/add', {
      body: { number: `9-${role}`, name: staff[role].name, kana: '', roles: [role] },
    });
    for (const task of ['card', 'pin'] as const) {
      const { ceremony } = await admin.do('ceremonies/begin', {
        body: { task, person: person.id, terminal: terminal.id as never, label: '' },
      });
      assert.equal((await terminal.next('ceremony')).order.ceremony, ceremony.id);
      assert.equal((await terminal.giveCard(ceremony.id, cardOf(role))).status, 200);
      if (task === 'pin') assert.equal((await terminal.givePin(ceremony.id, pin)).status, 200);
    }
  };
  /** Logs in at the terminal, which opens the console in the place of the one before. */
  const sitDown = async (role: Sitter): Promise<void> => {
    const ticket = await terminal.consoleTicket(await terminal.logIn(cardOf(role), pin));
    const created = screen.electron.waitForEvent('window');
    const authority = readFileSync(server.authority, 'utf8');
    screen.guard.send({ kind: 'open-console', origin: server.origin, ticket, authority });
    page = await created;
    page.setDefaultTimeout(10_000);
    heard.push(complaints(page));
    await page.locator('.me-name', { hasText: staff[role].name }).waitFor();
  };
  const seat = () => ({ page, terminal });
  const goTo = async (fragment: string): Promise<void> => {
    await page.evaluate((to) => {
      location.hash = to;
    }, fragment);
    await page.locator('h1').first().waitFor();
    await page.locator('.skeleton').first().waitFor({ state: 'detached' });
  };
  /** Ctrl and a key, as the window has it from a keyboard. */
  const control = (key: string): Promise<void> =>
    screen.electron.evaluate(
      ({ BrowserWindow }, [keyCode, origin]) => {
        const pages = BrowserWindow.getAllWindows().map(({ webContents }) => webContents);
        const own = pages.find((one) => one.getURL().startsWith(origin));
        for (const type of ['keyDown', 'keyUp'] as const)
          own?.sendInputEvent({ type, keyCode, modifiers: ['control'] });
      },
      [key, server.origin] as const,
    );
  const widthIs = (width: number) => until(`${width} pixels`, () => page.evaluate((to) => innerWidth === to, width));
  /** 200 %, five steps up from the whole. */
  const enlarge = async (): Promise<void> => {
    const whole = await page.evaluate(() => innerWidth);
    for (let steps = 0; steps < 5; steps += 1) await control('=');
    await widthIs(whole / 2);
  };

  before(async () => {
    // One after the other: this process waits for whoever fills the hospital.
    server = await createHospitalWorld(thousandBeds);
    screen = await createScreenWorld({ windowManager: true, size: '1280x720x24', timeZone: 'Asia/Tokyo' });
    const admin = await signInClient(server, server.made.signIns.admin);
    const { code } = await admin.do('terminals/announce', { body: { name: 'Desk-7', place: '職員証窓口' } });
    terminal = await server.terminal(code);
    for (const role of ['helpdesk', 'admin', 'auditor'] as const) await addStaff(admin, role);
    await screen.page('badge');
    screen.guard.cover();
    release = screen.guard.keepOpen();
    const picture = { greet: '次郎', number: 'N-1', endsAt: Date.now() + 3_600_000, mayOpenConsole: true };
    await screen.painted({ picture: { kind: 'open', ...picture } }, 'badge');
  });
  after(async () => {
    release?.();
    await screen?.stop();
    await server?.stop();
  });

  describe('signed in as helpdesk', () => {
    before(() => sitDown('helpdesk'));
    test('the window is no larger than a display of 1280 × 720', async () => {
      const within = await screen.electron.evaluate(({ BrowserWindow, screen: displays }, origin) => {
        const { workArea } = displays.getPrimaryDisplay();
        const own = BrowserWindow.getAllWindows().find(({ webContents }) => webContents.getURL().startsWith(origin));
        const bounds = own?.getBounds() ?? { x: 0, y: 0, width: Number.NaN, height: Number.NaN };
        return bounds.x + bounds.width <= workArea.width && bounds.y + bounds.height <= workArea.height;
      }, server.origin);
      assert.ok(within);
    });
    helpdeskTasks({ language: 'ja', seat, hands: countHands });
    helpdeskTasks({ language: 'en', seat, hands: countKeys });
  });
  describe('signed in as an admin', () => {
    before(() => sitDown('admin'));
    adminTasks({ language: 'ja', seat, hands: countHands });
    describe('at twice the size', () => {
      before(enlarge);
      adminTasks({ language: 'en', seat, hands: countKeys });
    });
  });
  describe('signed in as an auditor', () => {
    before(() => sitDown('auditor'));
    auditorTasks({ language: 'ja', seat, hands: countHands });
    describe('at twice the size', () => {
      before(enlarge);
      auditorTasks({ language: 'en', seat, hands: countKeys });

      test('no page is cut off, and Ctrl+0 makes it whole again', async () => {
        const links = page.getByRole('navigation', { name: createSaid('en')('nav.label'), includeHidden: true });
        const offered = await links.locator('a').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
        assert.ok(offered.length > 10, offered.join(' '));
        const enlarged = await page.evaluate(() => innerWidth);
        for (const fragment of offered) {
          await goTo(fragment ?? '');
          assert.equal(await tooWide(page), 0, `${fragment} at 200 %`);
        }
        await control('0');
        await widthIs(2 * enlarged);
      });
    });

    test('no file is offered that this window would not save, and every page that has one says where it is', async () => {
      const say = createSaid('en');
      for (const fragment of ['#/people', '#/log', '#/proof', '#/accounts']) {
        await goTo(fragment);
        await page.evaluate(() => document.querySelector('details.save-log')?.setAttribute('open', ''));
        await page.getByRole('main').getByText(say('saving.not-here')).first().waitFor();
        for (const key of ['saving.csv', 'log.save-csv', 'log-proof.save-checkpoint', 'log-proof.begin-export'])
          assert.equal(await page.getByRole('button', { name: say(key) }).count(), 0, `${key} on ${fragment}`);
      }
      assert.deepEqual(await axe(page), []);
    });
  });

  test('nothing was blocked by the page’s policy and no script failed', () => {
    assert.equal(heard.length, 3);
    assert.deepEqual(heard.flat(), []);
  });
});
