import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright';
import { until } from '../world.ts';
import { axe, type ConsoleWorld, createConsoleWorld, sizes, tooWide } from './console-world.ts';
import * as hands from './hands.ts';
import type { ScriptedTerminal } from './scripted-terminal.ts';

const pin = '58203917';
let world: ConsoleWorld;
let page: Page;
let terminal: ScriptedTerminal;
let away: ScriptedTerminal;
let heard: readonly string[];

before(async () => {
  world = await createConsoleWorld();
  page = await world.browser('ja');
  page.setDefaultTimeout(10_000);
  heard = hands.complaints(page);
  await hands.becomeAdmin(page, world.firstAdmin);
  terminal = await hands.announce(world, page, '3東-NS-02');
  away = await hands.announce(world, page, '外来-05');
  await away.unplug();
  await page.getByRole('row', { name: '外来-05' }).getByText('オフライン').waitFor({ timeout: 20_000 });
  await hands.addPerson(page, { number: '104233', name: '佐藤 花子', kana: 'サトウ ハナコ' });
  await hands.enrol(page, terminal, hands.badge, pin);
});
after(() => world?.stop());

const clean = async (what: string): Promise<void> => assert.deepEqual(await axe(page), [], what);
const sentences = async (): Promise<readonly string[]> => page.locator('.event-words').allTextContents();

test('a factor that was guessed at is locked, shows so at once, and is unlocked', async () => {
  const pinLine = page.getByRole('region', { name: '認証手段' }).getByRole('listitem').filter({ hasText: '暗証番号' });
  await pinLine.getByText('有効', { exact: true }).waitFor();
  await terminal.guess(hands.badge);
  await pinLine.getByText('ロック中').waitFor();
  await page.getByText('間違いが続いたためロックされています').waitFor();
  await clean('locked factor');
  await page.getByRole('button', { name: 'ロックを解除' }).click();
  await pinLine.getByText('有効', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'ロックを解除' }).waitFor({ state: 'detached' });
});

test('a login shows at the person and at the terminal without a reload', async () => {
  await page.getByText('今はどの端末も使っていません').waitFor();
  await terminal.logIn(hands.badge, pin);
  await page.getByRole('region', { name: '利用中の端末' }).getByText('3東-NS-02').waitFor();
  await hands.open(page, '端末');
  await page.getByRole('row', { name: '3東-NS-02' }).getByRole('link', { name: '佐藤 花子' }).click();
  await page.getByRole('heading', { level: 1, name: '佐藤 花子' }).waitFor();
});

test('revoking a card says what it will do, asks why, and shows each receipt as it comes', async () => {
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: '末尾 7081 のカードを失効' }).click();
  await dialog.getByText('利用中：3東-NS-02').waitFor();
  assert.ok(await dialog.getByRole('button', { name: 'カードを失効させる' }).isDisabled(), 'a reason comes first');
  await dialog.getByRole('radio', { name: '紛失' }).check();
  await clean('revoke');
  await dialog.getByRole('button', { name: 'カードを失効させる' }).click();

  const { order } = await terminal.next('revocation');
  await dialog.getByRole('heading', { name: '佐藤 花子 さんのカード（末尾 7081）を失効させました' }).waitFor();
  const row = (name: string) => dialog.getByRole('listitem').filter({ hasText: name });
  await row('3東-NS-02').getByText('確認待ち').waitFor();
  await row('外来-05').getByText('オフライン', { exact: true }).waitFor();
  await row('外来-05').getByText('最終接続').waitFor();
  await row('外来-05')
    .getByText(/\d{1,2}:\d\d までは、サーバーにつながらないまま開くおそれがあります/)
    .waitFor();
  assert.equal((await terminal.confirm(order.number, true)).status, 200);
  await row('3東-NS-02')
    .getByText(/^\d+ ミリ秒で確認$/)
    .waitFor();
  await row('3東-NS-02').getByText('画面をロック').waitFor();
  await clean('receipts');
  await dialog.getByRole('button', { name: '完了' }).click();
  await page.getByText('失効済み').waitFor();
  await page.getByText('今はどの端末も使っていません').waitFor();

  await hands.open(page, '失効');
  await page.getByRole('heading', { name: '佐藤 花子 さんのカード（末尾 7081）' }).waitFor();
  await page.getByText('2 台中 1 台が確認').waitFor();
  await page.getByText('理由：紛失').waitFor();
  await clean('revocations');
  await away.plugIn();
  await away.next('revocation');
  await away.confirm(order.number, false, new Date(Date.now() - 600_000));
  await page.getByText('2 台中 2 台が確認').waitFor();
  await page.getByText('この端末では利用されていませんでした').waitFor();
});

test('the log tells the story in both languages, newest first', async () => {
  await hands.open(page, '記録');
  await page.getByText('これより前の記録はありません').waitFor();
  const told = await sentences();
  const story = [
    'サーバーが動き始めました',
    '管理 一郎 さんが管理コンソールにサインインしました',
    '管理 一郎 さんが端末「3東-NS-02」の登録コードを発行しました',
    '端末「3東-NS-02」が登録されました',
    '管理 一郎 さんが 佐藤 花子 さんを職員に追加しました',
    '佐藤 花子 さんのカードを登録しました',
    '佐藤 花子 さんが暗証番号を設定しました（3東-NS-02）',
    '佐藤 花子 さんが 3東-NS-02 にカードをかざしました',
    '佐藤 花子 さんの本人確認ができました（3東-NS-02）',
    '佐藤 花子 さんが 3東-NS-02 の利用を始めました',
    '管理 一郎 さんが 佐藤 花子 さんのカードを失効させました（紛失）',
    '端末「3東-NS-02」が失効を確認しました',
  ];
  const places = story.map((sentence) => told.lastIndexOf(sentence));
  assert.ok(
    !places.includes(-1),
    `missing: ${story.filter((_, place) => places[place] === -1)}\nin:\n${told.join('\n')}`,
  );
  assert.deepEqual(
    places,
    [...places].sort((one, other) => other - one),
    'newest first',
  );
  await clean('log');

  const login = page.getByRole('listitem').filter({ hasText: '3東-NS-02 の利用を始めました' });
  assert.match((await login.textContent()) ?? '', /カード \+ 暗証番号.*成功/);
  assert.match(
    (await login.locator('time').getAttribute('title')) ?? '',
    /^2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \+09:00$/,
  );
  const late = page.getByRole('listitem').filter({ hasText: '端末「外来-05」が失効を確認しました' });
  assert.match((await late.textContent()) ?? '', /端末の時刻 .*\d\d:\d\d:\d\d（後から届いた記録）/);
  const [shown, own] = await late.locator('time').evaluateAll((all) => all.map((one) => one.getAttribute('datetime')));
  const lag = Date.parse(shown ?? '') - Date.parse(own ?? '');
  assert.ok(lag >= 600_000 && lag < 660_000, `the server's time stands first: ${shown}, ${own}`);
  assert.equal(await login.getByText('後から届いた').count(), 0);
  await login.locator('summary').press('Enter');
  await login.getByText('佐藤 花子 · 104233').waitFor();
  await clean('facts of an event');

  await page.getByRole('button', { name: 'English' }).click();
  await page.getByRole('heading', { level: 1, name: 'Log' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
  const english = await sentences();
  assert.ok(english.includes('佐藤 花子 logged in at 3東-NS-02'));
  assert.ok(english.length >= told.length);
  for (const sentence of [...told, ...english])
    assert.doesNotMatch(sentence, /[a-z]\.[a-z]|[{}[\]]|undefined|null/, sentence);
  await clean('log in English');
  await page.getByRole('button', { name: '日本語' }).click();
});

test('a refused card is found by the support code that the person reads out', async () => {
  const begun = await terminal.post('/v1/attempts', { lock: crypto.randomUUID(), card: hands.badge });
  const code = begun.body.failure?.supportCode ?? '';
  assert.match(code, /^\w{3}-\w{3}-\w{3}$/);
  // Live: it stands there before anybody asks.
  await page.getByText('カードを 3東-NS-02 で受け付けませんでした').waitFor();
  await page.getByLabel('サポートコード', { exact: true }).fill(code.toLowerCase().replaceAll('-', ' '));
  await page.getByRole('button', { name: 'サポートコードで探す' }).click();
  await page.getByRole('button', { name: '絞り込みを解除' }).waitFor();
  await page.getByText('これより前の記録はありません').waitFor();
  assert.deepEqual(await sentences(), ['佐藤 花子 さんのカードを 3東-NS-02 で受け付けませんでした（失効したカード）']);
  await page.getByLabel('サポートコード', { exact: true }).fill('AAA-AAA-AAA');
  await page.getByLabel('サポートコード', { exact: true }).press('Enter');
  await page.getByText('条件に合う記録はありません').waitFor();
  await clean('nothing found');
  await page.getByRole('button', { name: '絞り込みを解除' }).click();
  await page.getByText('サーバーが動き始めました').waitFor();
});

test('the log is narrowed by person, terminal and kind, and the address keeps it', async () => {
  await page.getByLabel('職員', { exact: true }).fill('サトウ');
  await page.getByRole('button', { name: '佐藤 花子 104233' }).click();
  await page.getByText('サーバーが動き始めました').waitFor({ state: 'detached' });
  await page.getByLabel('端末', { exact: true }).selectOption({ label: '3東-NS-02' });
  await page.getByLabel('できごと').selectOption({ label: '利用開始' });
  const only = ['佐藤 花子 さんが 3東-NS-02 の利用を始めました'];
  await until('one event is left', async () => (await sentences()).length === 1);
  assert.deepEqual(await sentences(), only);
  await page.reload();
  await page.locator('.event-words').first().waitFor();
  assert.deepEqual(await sentences(), only);
  await page.getByRole('button', { name: '職員の絞り込みを解除' }).click();
  await page.getByLabel('職員', { exact: true }).waitFor();
  await page.getByRole('button', { name: '絞り込みを解除' }).click();
});

test('a script in a name is a name', async () => {
  const name = `<script>globalThis.pwned=1</script><img src=x onerror="globalThis.pwned=1">`;
  await hands.addPerson(page, { number: '666', name, kana: '<b>' });
  await hands.open(page, '職員');
  await page.getByRole('link', { name }).waitFor();
  await hands.open(page, '記録');
  await page.getByText(`${name} さんを職員に追加しました`).waitFor();
  assert.equal(await page.evaluate(() => (globalThis as { pwned?: number }).pwned), undefined);
  assert.equal(await page.locator('main img, main script').count(), 0);
});

test('each role sees its rooms and deeds, and the server holds it to them', async (context) => {
  const post = (as: Page, path: string): Promise<string> =>
    as.evaluate(async (where) => {
      const me = (await (await fetch('/v1/console/me')).json()) as { csrf: string };
      const headers = { 'content-type': 'application/json', 'x-kazasu-csrf': me.csrf };
      const answer = await fetch(where, { method: 'POST', headers, body: '{"name":"x","place":""}' });
      return `${answer.status} ${((await answer.json()) as { failure?: { code: string } }).failure?.code}`;
    }, path);
  const roomsOf = async (as: Page): Promise<readonly string[]> =>
    as.getByRole('navigation', { name: 'メニュー' }).getByRole('link').allTextContents();

  await context.test('auditor: reads everything, changes nothing', async () => {
    const auditor = await hands.invite(world, page, 'auditor', '監査担当');
    assert.deepEqual(await roomsOf(auditor), [
      '概況',
      '職員',
      'カード',
      '貸出カード',
      '端末',
      '失効',
      '承認',
      '緊急利用の確認',
      '定期レビュー',
      'ガイドライン適合',
      'アカウントの棚卸し',
      '記録',
      '報告書',
      '記録の証明',
      '緊急コード',
      'ポリシー',
      'ディレクトリ連携',
      'カード発行者',
      '鍵と証明書',
      'バックアップ',
    ]);
    await hands.open(auditor, '職員');
    await auditor.getByRole('link', { name: '佐藤 花子' }).click();
    await auditor.getByRole('heading', { level: 1, name: '佐藤 花子' }).waitFor();
    assert.deepEqual(await auditor.getByRole('main').getByRole('button').allTextContents(), []);
    assert.equal(await post(auditor, '/v1/terminals'), '403 CONSOLE_ROLE_MISSING');
  });

  await context.test('operator: terminals, keys and the state of the log alone', async () => {
    const operator = await hands.invite(world, page, 'operator', '運用担当');
    assert.deepEqual(await roomsOf(operator), ['概況', '端末', '記録の証明', '鍵と証明書', 'バックアップ']);
    await hands.open(operator, '端末');
    await operator.getByRole('heading', { level: 1, name: '端末' }).waitFor();
    await operator.getByText('3東-NS-02').waitFor();
    // Sorts and saves the list, and does nothing to what is on it.
    const deeds = operator.getByRole('main').locator('button:not(.sort)');
    assert.deepEqual(await deeds.allTextContents(), ['CSV で保存']);
    assert.deepEqual(await axe(operator), []);
  });

  await context.test('helpdesk: enrols clinicians, neither suspends nor invites nor announces', async () => {
    const helpdesk = await hands.invite(world, page, 'helpdesk', 'ヘルプデスク');
    await helpdesk.getByRole('link', { name: '佐藤 花子' }).click();
    await helpdesk.getByRole('button', { name: 'カードを登録' }).waitFor();
    assert.equal(await helpdesk.getByRole('button', { name: '利用を停止' }).count(), 0);
    assert.equal(await helpdesk.getByRole('button', { name: 'コンソールに招待' }).count(), 0);
    await hands.open(helpdesk, '職員');
    await helpdesk.getByRole('button', { name: '職員を追加' }).click();
    await helpdesk.getByRole('dialog').getByLabel('氏名').waitFor();
    assert.equal(await helpdesk.getByRole('dialog').getByRole('checkbox').count(), 0);
    await helpdesk.keyboard.press('Escape');
    await helpdesk.getByRole('link', { name: '管理 一郎' }).click();
    await helpdesk.getByText('管理者だけが変更できます').waitFor();
    assert.equal(await helpdesk.getByRole('button', { name: 'カードを登録' }).count(), 0);
    assert.equal(await post(helpdesk, '/v1/terminals'), '403 CONSOLE_ROLE_MISSING');
  });
});

test('in a terminal’s own window the person of its session is signed in and that terminal is chosen', async () => {
  await hands.open(page, '職員');
  await page.getByRole('link', { name: '管理 一郎' }).click();
  await hands.enrol(page, terminal, hands.spare, pin);
  const ticket = await terminal.consoleTicket(await terminal.logIn(hands.spare, pin));
  const window = await world.browser();
  await window.goto(`${world.origin}/console/`);
  await window.evaluate(async (given) => {
    const headers = { 'content-type': 'application/json' };
    await fetch('/v1/console/enter', { method: 'POST', headers, body: JSON.stringify({ ticket: given }) });
  }, ticket);
  // As a terminal opens it: with the language that it shows.
  await window.goto('about:blank');
  await window.goto(`${world.origin}/console/#language=ja`);
  await hands.open(window, '端末');
  await window.getByRole('row', { name: '3東-NS-02' }).getByText('この端末').waitFor();
  await hands.open(window, '職員');
  await window.getByRole('link', { name: '佐藤 花子' }).click();
  await window.getByRole('button', { name: 'カードを登録' }).click();
  const choice = window.getByRole('dialog').getByLabel('使う端末');
  assert.equal(await choice.inputValue(), terminal.id);
  assert.match((await choice.locator('option:checked').textContent()) ?? '', /この端末/);
  await window.keyboard.press('Escape');
  await window.getByRole('link', { name: 'サインイン設定' }).click();
  await window.getByText('これは端末の画面です').waitFor();
  assert.equal(await window.getByRole('button', { name: 'パスキーを追加' }).count(), 0);
  await window.getByRole('button', { name: 'サインアウト' }).click();
  await window.getByRole('heading', { name: 'サインイン' }).waitFor();
  assert.equal(await window.getByRole('button', { name: 'パスキーでサインイン' }).count(), 0);
});

test('what is shown once stays, however often Escape is pressed', async () => {
  const dialog = page.getByRole('dialog');
  const stays = async (): Promise<void> => {
    const secret = await dialog.locator('output').textContent();
    await hands.insistOnEscape(page);
    await dialog.waitFor();
    assert.equal(await dialog.locator('output').textContent(), secret);
    await dialog.getByRole('button', { name: '完了' }).click();
    await dialog.waitFor({ state: 'detached' });
  };
  await hands.open(page, '端末');
  await page.getByRole('button', { name: '端末を登録' }).click();
  await dialog.getByLabel('端末名').fill('検査-01');
  await dialog.getByRole('button', { name: 'コードを発行' }).click();
  await stays();
  await hands.open(page, '職員');
  // Nobody whose factors are in use is invited by one alone.
  await hands.addPerson(page, { number: '104299', name: '新人 一美', kana: 'シンジン カズミ' });
  await page.getByRole('button', { name: 'コンソールに招待' }).click();
  await dialog.getByRole('button', { name: 'リンクを作る' }).click();
  await stays();
  await page.getByRole('button', { name: 'コンソールに招待' }).click();
  await hands.insistOnEscape(page);
  await dialog.waitFor({ state: 'detached' });
});

test('suspending a person and revoking a terminal show their receipts', async () => {
  const dialog = page.getByRole('dialog');
  await hands.open(page, '職員');
  await page.getByRole('searchbox').fill('佐藤');
  await page.getByRole('link', { name: '佐藤 花子' }).click();
  await page.getByRole('button', { name: '利用を停止' }).click();
  await clean('suspend');
  await dialog.getByRole('radio', { name: 'そのほか' }).check();
  await dialog.getByLabel('理由を入力').fill('長期出張');
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  await page.route('**/suspend', async (route) => {
    await released;
    await route.continue();
  });
  await dialog.getByRole('button', { name: '利用を停止する' }).click();
  await hands.insistOnEscape(page);
  // A deed that is on its way is seen to its end.
  await dialog.waitFor();
  release();
  await dialog.getByText('確認を待っています').waitFor();
  await dialog.getByRole('heading', { name: '佐藤 花子 さんの利用を停止しました' }).waitFor();
  await dialog.getByRole('button', { name: '完了' }).click();
  await page.getByText('この職員は利用を停止されています').waitFor();

  await hands.open(page, '端末');
  await page
    .getByRole('button', { name: '外来-05 を失効' })
    .or(page.getByRole('button', { name: '端末「外来-05」を失効' }))
    .click();
  await dialog.getByRole('radio', { name: '廃棄・入れ替え' }).check();
  await dialog.getByRole('button', { name: '端末を失効させる' }).click();
  await dialog.getByRole('heading', { name: '端末「外来-05」を失効させました' }).waitFor();
  await dialog.getByRole('button', { name: '完了' }).click();
  await page.getByRole('row', { name: '外来-05' }).getByText('失効済み').waitFor();
});

test('at twice the size nothing is cut off', async () => {
  await page.setViewportSize(sizes.twice);
  for (const room of ['職員', '端末', '失効', '承認', '記録'] as const) {
    await hands.open(page, room);
    assert.equal(await tooWide(page), 0, room);
  }
  await page.setViewportSize(sizes.whole);
});

test('a lost line is said, and what happened meanwhile is there when it returns', async () => {
  await hands.open(page, '端末');
  world.server.process.kill('SIGKILL');
  await page.getByText('サーバーとの接続が切れました').waitFor();
  await clean('offline');
  await page.getByText('3東-NS-02').waitFor();
  await page.getByText('サーバーとの接続が切れました').waitFor({ state: 'detached', timeout: 30_000 });
});

test('whoever is signed out elsewhere is told so and sees no page', async () => {
  await page.context().clearCookies();
  await page.getByRole('link', { name: '職員' }).click();
  await page.getByText('もう一度サインインしてください').waitFor();
  assert.equal(await page.getByText('佐藤').count(), 0);
  await clean('ended session');
});

test('nothing was blocked by the page’s policy and no script failed', () => {
  assert.deepEqual(heard, []);
});
