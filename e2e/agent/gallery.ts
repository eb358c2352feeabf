import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '#setup/paths.ts';
import { createScreenWorld } from './screen-world.ts';
import type { ScriptedView } from './scripted-guard.ts';

/** Every picture of the screen, in the real program: `node e2e/agent/gallery.ts [-- size=1024x768 language=en only=secret]`. */
const given = Object.fromEntries(process.argv.slice(2).map((one) => one.split('=', 2) as [string, string]));
const size = given['size'] ?? '1920x1080';
const only = given['only'];
const folder = join(root, 'dist', 'gallery', size);

const inSeconds = (seconds: number): number => Date.now() + seconds * 1000;
const secret = {
  kind: 'secret',
  greet: '佐藤 花子',
  others: ['totp'],
  typed: 0,
  shortest: 8,
  longest: 12,
  checking: false,
};
const pin = (change: object = {}) => ({ ...secret, factor: 'pin', endsAt: inSeconds(52), ...change });
const code = { ...secret, factor: 'totp', others: ['pin'], typed: 3, shortest: 6, longest: 6 };
const ceremony = { kind: 'ceremony', person: '鈴木 一郎', by: 'ヘルプデスク 田中', typed: 0, shortest: 8, longest: 12 };
const open = { kind: 'open', greet: '佐藤 花子', number: 'N-10423', mayOpenConsole: true, online: true };
const whyNotReady = [
  'starting',
  'no-service',
  'no-reader',
  'not-enrolled',
  'terminal-revoked',
  'server-unreachable',
  'clock-wrong',
  'journal-failed',
];
const whyRefused = ['card', 'locked', 'too-slow', 'busy', 'server', 'failed'];
const whyMisread = ['too-short', 'unreadable', 'random-identifier', 'several-cards'];

const views: Readonly<Record<string, ScriptedView>> = {
  ...Object.fromEntries(whyNotReady.map((why) => [`not-ready-${why}`, { picture: { kind: 'not-ready', why } }])),
  ready: { picture: { kind: 'ready' } },
  'ready-offline': { picture: { kind: 'ready' }, online: false },
  'ready-locked': { picture: { kind: 'ready', notice: { kind: 'locked', why: 'other-card' } } },
  ...Object.fromEntries(
    whyMisread.map((why) => [`ready-${why}`, { picture: { kind: 'ready', notice: { kind: 'misread', why } } }]),
  ),
  'ready-lift-card': { picture: { kind: 'ready', notice: { kind: 'lift-card' } } },
  reading: { picture: { kind: 'reading' } },
  identifying: { picture: { kind: 'identifying' } },
  'secret-pin': { picture: pin() },
  'secret-pin-typed': { picture: pin({ typed: 5 }) },
  'secret-pin-checking': { picture: pin({ typed: 8, checking: true }) },
  'secret-pin-wrong': { picture: pin({ wrong: { triesLeft: 3 }, endsAt: inSeconds(8) }) },
  'secret-totp': { picture: { ...code, endsAt: inSeconds(40) } },
  ...Object.fromEntries(
    whyRefused.map((why) => [`refused-${why}`, { picture: { kind: 'refused', why, supportCode: '7K2-M9Q-4RT' } }]),
  ),
  opening: { picture: { kind: 'opening', greet: '佐藤 花子' } },
  'ceremony-card': { picture: { ...ceremony, task: 'card', step: 'hold-card' } },
  'ceremony-card-taken': { picture: { ...ceremony, task: 'card', step: 'failed', problem: 'card-taken' } },
  'ceremony-pin-card': { picture: { ...ceremony, task: 'pin', step: 'hold-card' } },
  'ceremony-choose': { picture: { ...ceremony, task: 'pin', step: 'choose-pin', typed: 4, problem: 'pin-easy' } },
  'ceremony-repeat': { picture: { ...ceremony, task: 'pin', step: 'repeat-pin', typed: 9 } },
  'ceremony-sending': { picture: { ...ceremony, task: 'pin', step: 'sending' } },
  'ceremony-done': { picture: { ...ceremony, task: 'pin', step: 'done' } },
};
const openViews: Readonly<Record<string, ScriptedView>> = {
  open: { picture: { ...open, endsAt: inSeconds(7 * 3600) } },
  'open-offline': { picture: { ...open, endsAt: inSeconds(7 * 3600), online: false, mayOpenConsole: false } },
  'open-idle': { picture: { ...open, endsAt: inSeconds(7 * 3600), locksAt: inSeconds(18) } },
};

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
      ['lock', lock, views],
      ['badge', badge, openViews],
    ] as const) {
      const end = window === 'badge' ? guard.keepOpen() : undefined;
      for (const [name, view] of Object.entries(list)) {
        if (only !== undefined && !name.includes(only)) continue;
        const from = guard.received.length;
        const number = guard.show(view);
        await guard.waitFor(
          (line) => line.kind === 'painted' && line['number'] === number && line['window'] === window,
          { from },
        );
        await page.screenshot({ path: join(folder, `${name}.${language}.png`), animations: 'disabled' });
      }
      end?.();
    }
  }
  console.log(folder);
} finally {
  await world.stop();
}
