import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright';
import { node, root } from '#setup/paths.ts';
import { until } from '../world.ts';
import { axe, type ConsoleWorld, createConsoleWorld } from './console-world.ts';
import * as hands from './hands.ts';
import { keep } from './pictures.ts';
import { createSaid, type Language } from './said.ts';

let world: ConsoleWorld;
let admin: Page;
let auditor: Page;
let heard: readonly string[];
let folder: string;
/** The first event of this hospital. */
let event: string;
/** As it was when the auditor came. */
let kept: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kazasu-event-proof-'));
  world = await createConsoleWorld();
  admin = await world.browser('ja');
  admin.setDefaultTimeout(10_000);
  await hands.becomeAdmin(admin, world.firstAdmin);
  auditor = await hands.invite(world, admin, 'auditor', '監査担当');
  auditor.setDefaultTimeout(10_000);
  heard = hands.complaints(auditor);
  kept = await checkpoint();
});
after(async () => {
  await world?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const ask = (path: string): Promise<unknown> =>
  auditor.evaluate(async (from) => (await fetch(from)).json() as Promise<unknown>, path);
const checkpoint = async (): Promise<string> => {
  let note: string | null = null;
  await until('something is signed', async () => {
    ({ checkpoint: note } = (await ask('/v1/log')) as { checkpoint: string | null });
    return note !== null;
  });
  return note ?? assert.fail();
};
const goTo = async (fragment: string): Promise<void> => {
  await auditor.evaluate((to) => {
    location.hash = to;
  }, fragment);
  await auditor.locator('main h1').first().waitFor();
  await auditor.locator('.skeleton').first().waitFor({ state: 'detached' });
};
const switchTo = async (language: Language): Promise<void> => {
  await auditor.evaluate((to) => document.querySelector<HTMLElement>(`.languages [lang="${to}"]`)?.click(), language);
  await auditor.locator(`html[lang="${language}"]`).waitFor();
};
/** Nothing is cut off, neither as usual nor at twice the size, and axe finds nothing. */
const assertSound = async (what: string): Promise<void> => {
  assert.deepEqual(await axe(auditor), [], what);
  for (const size of [
    { width: 640, height: 360 },
    { width: 1280, height: 720 },
  ]) {
    await auditor.setViewportSize(size);
    const over = await auditor.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.equal(over, 0, `${what} at ${size.width}`);
  }
};
const saveBy = async (button: string): Promise<string> => {
  const [saved] = await Promise.all([
    auditor.waitForEvent('download'),
    auditor.getByRole('button', { name: button }).click(),
  ]);
  const path = join(folder, saved.suggestedFilename());
  await saved.saveAs(path);
  return path;
};
const verify = (...words: string[]): { readonly code: number | null; readonly said: string } => {
  const { status, stdout, stderr } = spawnSync(node, [join(root, 'server/verify-log.ts'), ...words], {
    encoding: 'utf8',
  });
  return { code: status, said: stdout + stderr };
};
/** The file with another text in the place of one. */
const withInstead = (path: string, one: string | RegExp, other: string): string => {
  const text = readFileSync(path, 'utf8');
  const changed = text.replace(one, other);
  assert.notEqual(changed, text);
  writeFileSync(`${path}.changed`, changed);
  return `${path}.changed`;
};

/** A checkpoint as C2SP has it, with other lines than the given one, signed by this key under the name and hint that stand there. */
const signAs = (key: KeyObject, note: string, change: (lines: string[]) => string[]): string => {
  const [text = '', signature = ''] = note.split('\n\n');
  const changed = `${change(text.split('\n')).join('\n')}\n`;
  const [, name = '', encoded = ''] = /^\u2014 (\S+) (\S+)\n$/u.exec(signature) ?? assert.fail(signature);
  const hint = Buffer.from(encoded, 'base64').subarray(0, 4);
  const signed = Buffer.concat([hint, sign(null, Buffer.from(changed), key)]).toString('base64');
  return `${changed}\n\u2014 ${name} ${signed}\n`;
};
/** The key by which this server signs its log. */
const ownKey = (): KeyObject => {
  const rings = JSON.parse(readFileSync(join(dirname(world.authority), '..', 'keys.json'), 'utf8')) as {
    log: readonly { key: string }[];
  };
  return createPrivateKey({ key: Buffer.from(rings.log[0]?.key ?? '', 'base64'), format: 'der', type: 'pkcs8' });
};

for (const language of ['ja', 'en'] as const) {
  const say = createSaid(language);
  const good = () => auditor.locator('main .notice.good');
  const alert = () => auditor.getByRole('main').getByRole('alert');

  describe(`proof of one event and of growth in ${language}`, () => {
    before(() => switchTo(language));

    test('from the details of an event its proof is shown, and the saved file is verified without the server', async () => {
      await goTo('#/log');
      const oldest = auditor.locator('.event').last();
      await oldest.locator('summary').click();
      await oldest.getByRole('link', { name: say('event-proof.open') }).click();
      await auditor.getByRole('heading', { level: 1, name: say('event-proof.title') }).waitFor();
      await good().getByText(say('event-proof.holds')).waitFor();
      event = new URL(auditor.url()).hash.replace('#/proof/', '');
      const shown = await auditor.getByRole('main').innerText();
      for (const word of ['event-proof.position', 'log-proof.size', 'log-proof.root', 'event-proof.leaf'])
        assert.ok(shown.includes(say(word)), word);
      assert.ok(shown.includes(event), shown);
      await assertSound('the proof of an event');
      if (language === 'ja') await keep(auditor, 'event-proof');
      const file = await saveBy(say('log-proof.save-proof'));
      const key = ((await ask('/v1/log')) as { keys: string[] }).keys.at(-1) ?? assert.fail();
      const { code, said } = verify(file, '--key', key);
      assert.equal(code, 0, said);
      assert.match(said, /^Verified: the log of \d+ lines, signed \S+Z, holds this line at position \d+:\n\{"seq":/);
      assert.ok(said.includes(event) && said.includes('Signed by '), said);
      const altered = verify(withInstead(file, /(\\"outcome\\":\\")\w+/, '$1major'), '--key', key);
      assert.equal(altered.code, 1);
      assert.equal(altered.said, 'NOT VERIFIED: the line is not the one that was hashed.\n');
      const refused = verify(file, '--checkpoint', file);
      assert.equal(refused.code, 2);
    });

    test('a proof that does not hold is an alarm', async () => {
      await goTo('#/log');
      const proof = (await ask(`/v1/log/events/${event}/proof`)) as object;
      await auditor.route('**/v1/log/events/*/proof', (route) =>
        route.fulfill({ json: { ...proof, fault: 'changed' } }),
      );
      await goTo(`#/proof/${event}`);
      await alert().getByText(say('event-proof.fails')).waitFor();
      await alert().getByText(say('event-proof.fault.changed')).waitFor();
      assert.equal(await good().count(), 0);
      await assertSound('a proof that does not hold');
      await auditor.unroute('**/v1/log/events/*/proof');
    });

    test('an event that there is not says so', async () => {
      await goTo(`#/proof/${crypto.randomUUID()}`);
      await alert().getByText(say('failure.EVENT_UNKNOWN')).waitFor();
    });

    const field = () => auditor.getByLabel(say('log-compare.text'));
    const compare = async (note: string): Promise<void> => {
      await field().fill(note);
      await auditor.getByRole('button', { name: say('log-compare.submit') }).click();
    };
    const sizeOf = (note: string): number => Number(note.split('\n')[1]);
    const rootOf = (note: string): string => note.split('\n')[2] ?? '';

    test('a checkpoint that was kept, opened as a file or pasted, is the beginning of the log, and the saved file is verified', async () => {
      await goTo('#/proof');
      const main = auditor.getByRole('main');
      await until('it has grown', async () => sizeOf(await checkpoint()) > sizeOf(kept));
      const path = join(folder, 'kept.txt');
      // As an editor of Windows saves it.
      writeFileSync(path, `\ufeff${kept.replaceAll('\n', '\r\n')}\r\n`);
      await auditor.getByLabel(say('log-compare.file')).setInputFiles(path);
      await until('it stands in the field', async () => (await field().inputValue()).includes(rootOf(kept)));
      await auditor.getByRole('button', { name: say('log-compare.submit') }).click();
      const [grown = ''] = say('log-compare.grown', { kept: sizeOf(kept), now: '#' }).split('#');
      await main.getByRole('status').filter({ hasText: grown }).waitFor();
      assert.equal(await main.getByText(rootOf(kept), { exact: true }).count(), 2, 'of then and of now');
      await assertSound('a log that has grown');
      if (language === 'ja') await keep(auditor, 'growth-proof');
      const file = await saveBy(say('log-proof.save-proof'));
      const held = verify(file);
      assert.equal(held.code, 0, held.said);
      assert.match(
        held.said,
        new RegExp(`^Verified: the log of ${sizeOf(kept)} lines, signed \\S+Z, is the beginning `),
      );
      const altered = verify(withInstead(file, `\\n${sizeOf(kept)}\\n`, `\\n${sizeOf(kept) - 1}\\n`));
      assert.equal(altered.code, 1);
      assert.equal(altered.said, 'NOT VERIFIED: the checkpoint that was kept is not as it was signed.\n');
      // The log may go on between the question and the answer.
      await until('it is the same', async () => {
        const now = await checkpoint();
        await compare(now);
        await good().waitFor();
        return (await main.getByText(say('log-compare.same', { kept: sizeOf(now) })).count()) === 1;
      });
    });

    test('another root, more lines, and another key are alarms that say which', async () => {
      await goTo('#/proof');
      const key = ownKey();
      const other = signAs(key, kept, ([origin = '', size = '', , at = '']) => [
        origin,
        size,
        Buffer.alloc(32, 7).toString('base64'),
        at,
      ]);
      await compare(other);
      const counts = { kept: sizeOf(kept), now: sizeOf(await checkpoint()) };
      await alert().getByText(say('log-compare.fault.root', counts)).waitFor();
      // Of as many lines in the log of now.
      await auditor.getByRole('main').getByText(rootOf(kept)).first().waitFor();
      await assertSound('another root');
      if (language === 'ja') await keep(auditor, 'growth-alarm');
      const file = await saveBy(say('log-proof.save-proof'));
      assert.match(verify(file).said, /^NOT VERIFIED: the log does not begin with the lines of the checkpoint /);

      const larger = signAs(key, kept, ([origin = '', , hash = '', at = '']) => [origin, '1000000', hash, at]);
      await compare(larger);
      await alert().getByText('1,000,000').waitFor();
      await auditor.getByText(say('log-compare.no-root')).waitFor();

      const stranger = generateKeyPairSync('ed25519').privateKey;
      const foreign = kept
        .replaceAll(/^kazasu.*$/gm, 'kazasu/log/elsewhere')
        .replace(/\u2014 \S+/u, '\u2014 kazasu/log/elsewhere');
      await compare(signAs(stranger, foreign, (lines) => lines));
      await alert().getByText(say('log-compare.fault.kept-key')).waitFor();
    });

    test('a copy that is not as it was, and what is no checkpoint, are refused in words that say what to do', async () => {
      await goTo('#/proof');
      await compare(kept.replace(`\n${sizeOf(kept)}\n`, `\n${sizeOf(kept) + 1}\n`));
      await alert().getByText(say('log-compare.fault.kept-signature')).waitFor();
      const none = say('failure.CHECKPOINT_UNREADABLE');
      for (const text of [
        'hello',
        kept.split('\n\n')[0] ?? '',
        JSON.stringify({ checkpoint: kept }),
        'x'.repeat(9000),
      ]) {
        await compare(text);
        await alert().getByText(none).waitFor();
        await field().fill('');
        await alert().waitFor({ state: 'detached' });
      }
      const large = join(folder, 'kazasu-log.jsonl');
      writeFileSync(large, 'x'.repeat(100_000));
      await auditor.getByLabel(say('log-compare.file')).setInputFiles(large);
      await alert().getByText(none).waitFor();
      assert.ok(await auditor.getByRole('button', { name: say('log-compare.submit') }).isDisabled());
    });
  });
}

test('who is no auditor is not offered the proof of an event, and no script failed', async () => {
  const helpdesk = await hands.invite(world, admin, 'helpdesk', 'ヘルプデスク');
  await hands.open(helpdesk, '記録');
  await helpdesk.locator('.event summary').first().click();
  await helpdesk.locator('.event .facts').first().waitFor();
  assert.equal(await helpdesk.locator('.event-proof').count(), 0);
  assert.deepEqual(heard, []);
});
