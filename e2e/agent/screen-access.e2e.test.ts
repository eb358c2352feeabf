import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright';
import { badgePictures, lockPictures } from '../gallery/pictures.ts';
import { createScreenWorld, type ScreenWorld } from './screen-world.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** What axe finds wrong, as short lines. */
const look = async (page: Page): Promise<string[]> => {
  const found = await page.evaluate(`axe.run(document, { runOnly: ${JSON.stringify(rules)} })`);
  const { violations } = found as { violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] };
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
};

/** Texts that do not fit: cut off by their box or by the window. */
const findCutOff = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('h1, p, dd, dt, button, strong, .chip, .clock, .brand')]
      .filter((element) => {
        const box = element.getBoundingClientRect();
        if (box.width === 0) return false;
        return (
          box.left < 0 ||
          box.top < 0 ||
          box.right > innerWidth + 1 ||
          box.bottom > innerHeight + 1 ||
          element.scrollWidth > element.clientWidth + 2
        );
      })
      .filter((element) => getComputedStyle(element).display !== 'inline')
      .map((element) => `${element.tagName}.${element.className}: ${element.textContent}`),
  );

// The second and the last are the smallest that a display with larger letters is made (`native/curtain/painter.c`).
for (const size of ['1920x1080', '1024x720', '1080x1920', '720x1024']) {
  describe(`every picture at ${size}`, { timeout: 240_000 }, () => {
    let world: ScreenWorld;
    before(async () => {
      world = await createScreenWorld({ size: `${size}x24` });
      world.guard.cover();
    });
    after(async () => await world?.stop());

    for (const language of ['ja', 'en']) {
      for (const [window, list] of [
        ['lock', lockPictures(Date.now())],
        ['badge', badgePictures(Date.now())],
      ] as const) {
        test(`fits and is accessible: ${window} in ${language}`, async () => {
          const page = await world.page(window);
          await (await world.page('lock')).evaluate(
            `window.kazasu.call('settings/change', { language: '${language}' })`,
          );
          // Accessibility does not depend on the size: axe looks once.
          const looks = size === '1920x1080';
          if (looks) await page.evaluate(axe);
          const end = window === 'badge' ? world.guard.keepOpen() : undefined;
          const problems: string[] = [];
          for (const [name, view] of Object.entries(list)) {
            await world.painted(view, window);
            for (const problem of [...(looks ? await look(page) : []), ...(await findCutOff(page))])
              problems.push(`${name}: ${problem}`);
          }
          end?.();
          world.guard.cover();
          assert.deepEqual(problems, []);
        });
      }
    }
  });
}

/** Relative luminance and contrast (WCAG 2.2). */
const luminance = (colour: string): number => {
  const parts = /^#(..)(..)(..)$/.exec(colour)?.slice(1) ?? [];
  const [red = 0, green = 0, blue = 0] = parts.map((part) => {
    const share = Number.parseInt(part, 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const contrast = (one: string, other: string): number => {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((left, right) => left - right);
  return (light + 0.05) / (dark + 0.05);
};

describe('colours and sizes', { timeout: 60_000 }, () => {
  let world: ScreenWorld;
  let page: Page;
  before(async () => {
    world = await createScreenWorld();
    page = await world.page('lock');
    world.guard.cover();
    await world.painted({ picture: { kind: 'ready' } });
  });
  after(async () => await world?.stop());

  test('words stand out by 4.5 : 1 on every ground, signs and borders by 3 : 1', async () => {
    const colours = await page.evaluate(() => {
      const style = getComputedStyle(document.documentElement);
      const names = [
        'ground',
        'ground-lit',
        'surface',
        'surface-high',
        'line',
        'text',
        'text-quiet',
        'on-bright',
        'calm',
        'busy',
        'warn',
        'stop',
        'good',
      ];
      return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    });
    const check = (front: string, back: string, least: number): void => {
      const ratio = contrast(colours[front] ?? '', colours[back] ?? '');
      assert.ok(ratio >= least, `${front} on ${back}: ${ratio.toFixed(2)}`);
    };
    const tones = ['calm', 'busy', 'warn', 'stop', 'good'];
    for (const back of ['ground', 'ground-lit', 'surface', 'surface-high']) {
      for (const front of ['text', 'text-quiet', ...tones]) check(front, back, 4.5);
    }
    for (const tone of tones) check('on-bright', tone, 4.5);
    for (const back of ['ground', 'ground-lit', 'surface']) check('line', back, 3);
  });

  test('what is wrong would be found', async () => {
    await page.evaluate(axe);
    await page.evaluate(() => {
      const wrong = document.createElement('p');
      wrong.style.cssText =
        'position:fixed;left:95vw;top:0;width:20px;white-space:nowrap;overflow:hidden;color:#111;background:#000';
      wrong.innerText = 'too long a text';
      const button = document.createElement('button');
      document.body.append(wrong, button);
    });
    const found = await look(page);
    assert.ok(
      found.some((line) => line.startsWith('color-contrast')),
      found.join(),
    );
    assert.ok(
      found.some((line) => line.startsWith('button-name')),
      found.join(),
    );
    assert.ok((await findCutOff(page)).some((line) => line.endsWith('too long a text')));
  });
});

test('the instruction can be read from three metres: 56 px or more on a full display', {
  timeout: 60_000,
}, async () => {
  const world = await createScreenWorld();
  try {
    const page = await world.page('lock');
    world.guard.cover();
    for (const [name, view] of Object.entries(lockPictures(Date.now()))) {
      await world.painted(view);
      const size = await page.evaluate(() => {
        const title = document.querySelector('h1');
        return title === null ? 0 : Number.parseFloat(getComputedStyle(title).fontSize);
      });
      assert.ok(size >= 56, `${name}: ${size}`);
    }
  } finally {
    await world.stop();
  }
});
