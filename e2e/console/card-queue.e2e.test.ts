import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright';
import type { CardEvidence } from '#contract/card.ts';
import { totp } from '../client.ts';
import { assertFits, axe, type ConsoleWorld, createConsoleWorld, sizes } from './console-world.ts';
import { type Counted, countHands, countKeys } from './counted.ts';
import * as hands from './hands.ts';
import { keep } from './pictures.ts';
import { createSaid, type Language } from './said.ts';
import type { ScriptedTerminal } from './scripted-terminal.ts';
import { switchTo } from './tasks/seat.ts';

interface Story {
  readonly hands: (page: Page) => Counted;
  /** Number, name and kana, as they stand in a file. */
  readonly people: readonly (readonly [number: string, name: string, kana: string])[];
}
const stories: Readonly<Record<Language, Story>> = {
  ja: {
    hands: countHands,
    people: [
      ['200101', '青木 一郎', 'アオキ イチロウ'],
      ['200102', '伊藤 花', 'イトウ ハナ'],
      ['200103', '上田 𠮷子', 'ウエダ ヨシコ'],
      ['200104', '=cmd()', 'エンドウ'],
      ['200105', '大野 五郎', 'オオノ ゴロウ'],
    ],
  },
  en: {
    hands: countKeys,
    people: [
      ['300101', 'Anna Adams', 'アダムズ アンナ'],
      ['300102', 'Ben Brown', 'ブラウン ベン'],
      ['300103', 'Cleo Clark', 'クラーク クレオ'],
      ['300104', '=1+1', 'デイ'],
      ['300105', 'Ed Evans', 'エバンズ エド'],
    ],
  },
};
const ruled = { first: 3, further: 3 } as const;

let world: ConsoleWorld;
let admin: Page;
let signer: hands.Signer;
let terminal: ScriptedTerminal;
let heard: readonly string[];
let cards = 0;
const newCard = (): CardEvidence => {
  cards += 1;
  return {
    technology: 'iso14443a',
    identifier: `04B1C2D3E4${String(cards).padStart(4, '0')}`,
    assurance: 'identifier',
  };
};

before(async () => {
  world = await createConsoleWorld();
  admin = await world.browser('ja');
  admin.setDefaultTimeout(10_000);
  heard = hands.complaints(admin);
  signer = await hands.becomeAdmin(admin, world.firstAdmin);
  terminal = await hands.announce(world, admin, '3東-NS-02');
  await hands.announce(world, admin, '外来-05');
});
after(() => world?.stop());

/** A queue as whoever sits before it sees it. */
const createDesk = (page: Page, language: Language) => {
  const say = createSaid(language);
  const turn = (name: string) => page.getByRole('heading', { level: 2, name, exact: true });
  const button = (key: string) => page.getByRole('button', { name: say(key), exact: true });
  const counts = (done: number, left: number, aside?: number) =>
    page
      .getByText(say('queue.progress', { done, left, ...(aside === undefined ? {} : { aside }) }), { exact: true })
      .waitFor();
  /** What a terminal was asked for, and for whom. */
  const asked = async (task: string, name: string): Promise<string> => {
    const { order } = await terminal.next('ceremony');
    assert.deepEqual([order.task, order.personName], [task, task === 'find' ? '' : name]);
    return order.ceremony;
  };
  /** The card is held, and held again. */
  const enrol = async (hand: Counted, name: string, card: CardEvidence): Promise<void> => {
    await turn(name).waitFor();
    await hand.click(button('identity.known-in-person'));
    assert.equal((await terminal.giveCard(await asked('card', name), card)).status, 200);
    assert.equal((await terminal.giveCard(await asked('find', name), card)).status, 200);
  };
  return { say, turn, button, counts, asked, enrol };
};

/** Imports people; ends on the queue of those who were added. */
const importPeople = async (page: Page, language: Language): Promise<void> => {
  const say = createSaid(language);
  await page.evaluate(() => {
    location.hash = '#/import';
  });
  await page.getByRole('heading', { level: 1, name: say('import.title') }).waitFor();
  const lines = stories[language].people.map((cells) => cells.join(','));
  const buffer = Buffer.from(`number,name,kana\n${lines.join('\n')}\n`);
  await page.locator('input[type="file"]').setInputFiles({ name: 'new.csv', mimeType: 'text/csv', buffer });
  await page.getByRole('button', { name: say('import.preview') }).click();
  await page.getByRole('button', { name: say('import.apply') }).click();
  await page.getByRole('link', { name: say('import.to-queue') }).click();
  await page.getByRole('heading', { level: 1, name: say('queue.title') }).waitFor();
};

for (const language of ['ja', 'en'] as const) {
  const { people, hands: handsOf } = stories[language];
  const [one, two, three, four, five] = people.map(([, name]) => name) as [string, string, string, string, string];

  describe(`cards for those of an import, one after the other, in ${language}${language === 'en' ? ', by keys alone at twice the size' : ''}`, () => {
    const first = newCard();
    const page = () => admin;
    const desk = () => createDesk(admin, language);
    before(async () => {
      await switchTo(admin, language);
      await importPeople(admin, language);
      if (language === 'en') await admin.setViewportSize(sizes.twice);
    });
    after(() => admin.setViewportSize(sizes.whole));

    test('the first one’s turn comes by itself, and a card is bound and tested', async () => {
      const { turn, counts, say, enrol } = desk();
      await turn(one).waitFor();
      await counts(0, 5);
      const hand = handsOf(page());
      await hand.choose(
        page().getByLabel(say('ceremony.terminal'), { exact: true }),
        say('ceremony.option', { name: '3東-NS-02', place: '3階東病棟' }),
      );
      if (language === 'ja') await keep(page(), 'card-queue');
      await enrol(hand, one, first);
      await turn(two).waitFor();
      await counts(1, 4);
      await page().getByText(say('queue.tested')).waitFor();
      assert.ok(hand.count() <= ruled.first, `${hand.count()} actions`);
    });

    test('a card of somebody else and one with a random number are refused with the reason, and another one is taken at once', async () => {
      const { say, button, asked, turn, counts } = desk();
      const hand = handsOf(page());
      await hand.click(button('identity.known-in-person'));
      const ceremony = await asked('card', two);
      assert.equal((await terminal.giveCard(ceremony, first)).status, 409);
      await page().getByText(say('ceremony.problem.CARD_TAKEN')).waitFor();
      assert.deepEqual(await axe(page()), []);
      assert.equal((await terminal.giveCard(ceremony, hands.randomCard)).status, 422);
      await page().getByText(say('ceremony.problem.CARD_RANDOM')).waitFor();
      if (language === 'ja') await keep(page(), 'card-queue-refused');
      const own = newCard();
      assert.equal((await terminal.giveCard(ceremony, own)).status, 200);
      const again = await asked('find', two);
      assert.equal((await terminal.giveCard(again, first)).status, 200);
      await page().getByText(say('card.test-other')).waitFor();
      await hand.click(button('ceremony.again'));
      assert.equal((await terminal.giveCard(await asked('find', two), own)).status, 200);
      await turn(three).waitFor();
      await counts(2, 3);
      assert.ok(hand.count() <= ruled.further, `${hand.count()} actions`);
    });

    test('a reload loses nothing: who is done, whose turn it is, where the cards are held', async () => {
      const { turn, counts, enrol, button } = desk();
      await page().reload();
      await turn(three).waitFor();
      await counts(2, 3);
      const hand = handsOf(page());
      await hand.click(button('queue.skip'));
      await turn(four).waitFor();
      await counts(2, 2, 1);
      await page().reload();
      await turn(four).waitFor();
      await counts(2, 2, 1);
      const further = handsOf(page());
      await enrol(further, four, newCard());
      await turn(five).waitFor();
      await counts(3, 1, 1);
      assert.ok(further.count() <= ruled.further, `${further.count()} actions`);
      await assertFits(page(), 'card-queue');
      if (language === 'en') await page().setViewportSize(sizes.twice);
    });

    test('stopped and gone on with, and who was set aside is put back', async () => {
      const { say, turn, counts, enrol, button } = desk();
      const hand = handsOf(page());
      await hand.click(button('queue.stop'));
      await page()
        .getByRole('heading', { name: say('queue.stopped') })
        .waitFor();
      if (language === 'ja') await keep(page(), 'card-queue-stopped');
      await page().reload();
      await hand.click(button('queue.go-on'));
      await enrol(hand, five, newCard());
      await page()
        .getByRole('heading', { name: say('queue.over') })
        .waitFor();
      await counts(4, 0, 1);
      await hand.click(page().getByRole('button', { name: say('queue.put-one-back', { name: three }) }));
      await turn(three).waitFor();
      await counts(4, 1);
    });

    test('who chooses a PIN too does it at the same terminal, and the file says what was done', async () => {
      const { say, button, asked, counts } = desk();
      const hand = handsOf(page());
      await hand.click(page().getByRole('checkbox', { name: say('queue.with-pin') }));
      await hand.click(button('identity.staff-card'));
      const own = newCard();
      await terminal.giveCard(await asked('card', three), own);
      await terminal.giveCard(await asked('find', three), own);
      const pin = await asked('pin', three);
      await terminal.giveCard(pin, own);
      assert.equal((await terminal.givePin(pin, '58203917')).status, 200);
      await page()
        .getByText(say('pin.done', { name: three }))
        .waitFor();
      await counts(5, 0);
      await page()
        .getByRole('heading', { name: say('queue.over') })
        .waitFor();
      if (language === 'ja') await keep(page(), 'card-queue-over');
      await assertFits(page(), 'the end of a queue');
      const saved = page().waitForEvent('download');
      await hand.click(button('saving.csv'));
      const rows = readFileSync(await (await saved).path(), 'utf8')
        .trim()
        .split('\r\n')
        .slice(1);
      assert.deepEqual(
        rows.map((row) => row.split(',').slice(0, 4)),
        people.map(([number, name, kana]) => [
          number,
          name.startsWith('=') ? `'${name}` : name,
          kana,
          say('queue.result.enrolled'),
        ]),
      );
      assert.match(rows[0] ?? '', new RegExp(`,${first.identifier.slice(-4)},\\d{4}-\\d\\d-\\d\\d`));
      const { id } = await page().evaluate(
        async (number) =>
          ((await (await fetch(`/v1/people?search=${number}`)).json()) as { people: { id: string }[] }).people[0] ?? {
            id: '',
          },
        people[2]?.[0] ?? '',
      );
      const events = await page().evaluate(
        async (person) =>
          (await (await fetch(`/v1/events?person=${person}&kind=ceremony.begun&limit=20`)).json()) as {
            events: { detail: Record<string, unknown> }[];
          },
        id,
      );
      assert.ok(events.events.length >= 2);
      for (const { detail } of events.events) assert.equal(detail['identity'], 'staff-card');
    });
  });
}

let desk: Page;
describe('a queue that somebody chose', () => {
  before(async () => {
    await switchTo(admin, 'ja');
    for (const [place, name] of ['列 一', '列 二', '列 三'].entries()) {
      await hands.addPerson(admin, { number: `L-${place + 1}`, name });
    }
    desk = await hands.invite(world, admin, 'helpdesk', 'ヘルプデスク');
    desk.setDefaultTimeout(10_000);
  });

  test('helpdesk ticks people without a card and calls one of them out of turn; nobody with more power waits there', async () => {
    const { say, turn, counts } = createDesk(desk, 'ja');
    await desk.goto(`${world.origin}/console/#/people?cards=none`);
    await desk.getByRole('checkbox', { name: '列 一' }).check();
    await desk.getByRole('checkbox', { name: '列 二' }).check();
    await desk.getByRole('button', { name: say('queue.for', { count: 2 }) }).click();
    await turn('列 一').waitFor();
    await counts(0, 2);
    await desk.getByLabel(say('queue.find')).fill('列 二');
    await desk.getByRole('button', { name: say('queue.call-one', { name: '列 二' }) }).click();
    await turn('列 二').waitFor();
    await desk.goto(`${world.origin}/console/#/card-queue?search=9-helpdesk`);
    await desk.getByText(say('queue.none')).waitFor();
    assert.deepEqual(await axe(desk), []);
    await keep(desk, 'card-queue-none');
    await switchTo(desk, 'ja');
  });

  test('who gets a card at another desk meanwhile is said to have one, and another comes only when that is pressed', async () => {
    const { say, turn, button, counts } = createDesk(desk, 'ja');
    await desk.goto(`${world.origin}/console/#/card-queue?search=${encodeURIComponent('列')}`);
    await turn('列 一').waitFor();
    await admin.goto(`${world.origin}/console/#/people?search=L-1`);
    await admin.getByRole('link', { name: '列 一' }).click();
    const ceremony = await hands.begin(admin, terminal, 'カードを登録');
    assert.equal((await terminal.giveCard(ceremony, newCard())).status, 200);
    await admin
      .getByRole('dialog')
      .getByRole('button', { name: say('common.done') })
      .click();
    await desk.getByText(say('queue.gone', { name: '列 一' })).waitFor();
    await counts(1, 2);
    assert.deepEqual(await axe(desk), []);
    await button('queue.next').click();
    await turn('列 三').or(turn('列 二')).first().waitFor();
  });

  test('with no terminal online there is nothing to press, and one that comes back is enough', async () => {
    const { say, button } = createDesk(desk, 'ja');
    await desk.getByLabel(say('ceremony.terminal'), { exact: true }).selectOption({ value: terminal.id });
    await terminal.unplug();
    await desk.getByText(say('queue.no-terminal-chosen')).waitFor({ timeout: 20_000 });
    assert.ok(await button('identity.staff-card').isDisabled());
    await terminal.plugIn();
    await desk.getByText(say('queue.identity-hint')).waitFor();
    assert.ok(await button('identity.staff-card').isEnabled());
  });
});

test('where policy wants a second person, the queue waits for them as a single enrolment does', async () => {
  const say = createSaid('ja');
  await hands.addPerson(admin, { number: 'Q-1', name: '待機 一' });
  const client = world.client();
  await client.do('console/sign-in', {
    body: { number: signer.number, password: hands.password, code: totp(signer.seed, 30) },
  });
  const { number: base, policy } = await client.do('policies/active');
  await client.do('policies/apply', {
    body: { policy: { ...policy, fourEyes: [...policy.fourEyes, 'first-binding'] }, base, note: 'test' },
  });
  const { turn, button, asked } = createDesk(desk, 'ja');
  await desk.goto(`${world.origin}/console/#/card-queue?search=Q-1`);
  await turn('待機 一').waitFor();
  await desk.getByLabel(say('ceremony.terminal')).selectOption({ value: terminal.id });
  await button('identity.staff-card').click();
  await desk.getByText(say('approval.waiting')).waitFor();
  assert.deepEqual(await axe(desk), []);
  await hands.open(admin, '承認');
  await admin.getByLabel(say('approvals.reason')).fill('本人と面談');
  await admin.getByRole('button', { name: say('approvals.approve') }).click();
  await desk.getByText(say('approval.given', { name: '管理 一郎' })).waitFor();
  await button('identity.staff-card').click();
  assert.equal((await terminal.giveCard(await asked('card', '待機 一'), newCard())).status, 200);
  await asked('find', '待機 一');
});

test('nothing was blocked by the page’s policy and no script failed', () => {
  assert.deepEqual(heard, []);
});
