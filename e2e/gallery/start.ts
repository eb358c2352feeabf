import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '#setup/paths.ts';
import { badgePictures, lockPictures } from './pictures.ts';
import { createScreenWorld } from './screen-world.ts';

/**
 * Saves every picture of the screen, taken in the real program, to dist/gallery/.
 * `npm run gallery [-- size=1024x768 language=en only=secret]`
 */
const given = Object.fromEntries(process.argv.slice(2).map((one) => one.split('=', 2) as [string, string]));
const size = given['size'] ?? '1920x1080';
const only = given['only'] ?? '';
const folder = join(root, 'dist', 'gallery', size);

mkdirSync(folder, { recursive: true });
const world = await createScreenWorld({ size: `${size}x24` });
const { guard } = world;
try {
  const lock = await world.page('lock');
  const badge = await world.page('badge');
  guard.cover();
  for (const language of given['language'] ? [given['language']] : ['ja', 'en']) {
    await lock.evaluate(`window.kazasu.call('settings/change', { language: '${language}' })`);
    for (const [window, page, list] of [
      ['lock', lock, lockPictures()],
      ['badge', badge, badgePictures()],
    ] as const) {
      const end = window === 'badge' ? guard.keepOpen() : undefined;
      for (const [name, view] of Object.entries(list)) {
        if (!name.includes(only)) continue;
        await world.painted(view, window);
        await page.screenshot({ path: join(folder, `${name}.${language}.png`), animations: 'disabled' });
      }
      end?.();
      guard.cover();
    }
  }
  console.log(folder);
} finally {
  await world.stop();
}
