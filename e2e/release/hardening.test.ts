import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { createScriptedGuard, type ScriptedGuard } from '#e2e/agent/scripted-guard.ts';
import { type Display, openDisplay } from '#setup/display.ts';
import { findElectron } from '#setup/electron.ts';
import { root } from '#setup/paths.ts';

/** What a probe waits for in vain where the measure holds (milliseconds). */
const patience = 2_500;

interface Measure {
  /** How the measure stands in what is shipped, and how it looks undone. */
  readonly kept: string;
  readonly undone: string;
  /** Taken away on both sides: it would hide whether this one holds. */
  readonly without?: readonly [string, string];
  /** Body of an asynchronous function over the `page` of the lock screen; gives what it saw. */
  readonly probe: string;
  readonly expected: { readonly kept: string; readonly undone: string };
}

const seen = `const seen = (what) => Promise.race([what, new Promise((resolve) => setTimeout(resolve, ${patience}, 'nothing'))]);`;
const measures: Readonly<Record<string, Measure>> = {
  'a page has no developer tools, even for its own program': {
    kept: 'devTools:!1',
    undone: 'devTools:!0',
    // They are a page, too, and may load nothing.
    without: ['cancel:!', 'cancel:!1&&!'],
    probe: `const opened = new Promise((resolve) => page.once('devtools-opened', () => resolve('developer tools')));
      page.openDevTools({ mode: 'detach' });
      return seen(opened);`,
    expected: { kept: 'nothing', undone: 'developer tools' },
  },
  'a page cannot hold the screen up with a dialog': {
    kept: 'disableDialogs:!0',
    undone: 'disableDialogs:!1',
    // The page's own policy forbids it dialogs, too.
    without: ['sandbox allow-scripts allow-same-origin', 'sandbox allow-scripts allow-same-origin allow-modals'],
    probe: `const answered = page.executeJavaScript('String(confirm("?"))');
      return seen(answered);`,
    expected: { kept: 'false', undone: 'nothing' },
  },
  'the policy of a page forbids it dialogs': {
    kept: 'sandbox allow-scripts allow-same-origin',
    undone: 'sandbox allow-scripts allow-same-origin allow-modals',
    without: ['disableDialogs:!0', 'disableDialogs:!1'],
    probe: `return seen(page.executeJavaScript('String(confirm("?"))'));`,
    expected: { kept: 'false', undone: 'nothing' },
  },
};

describe('each measure of what is shipped holds, and is seen to be gone when it is undone', {
  timeout: 120_000,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-hardening-'));
  const { path, flags } = findElectron();
  let display: Display;
  let guard: ScriptedGuard;

  before(async () => {
    display = await openDisplay({ folder: join(folder, 'display'), virtual: true, windowManager: false });
    guard = await createScriptedGuard(join(folder, 'guard.sock'));
  });
  after(async () => {
    await guard?.stop();
    await display?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs a copy of what is shipped in which some words stand otherwise; what the probe saw. */
  async function ask(name: string, changes: readonly (readonly [string, string])[], probe: string): Promise<string> {
    const copy = join(folder, name);
    cpSync(join(root, 'dist', 'release', 'screen'), copy, { recursive: true });
    let text = readFileSync(join(copy, 'main.cjs'), 'utf8');
    for (const [from, to] of changes) {
      assert.equal(text.split(from).length, 2, `${from} stands there once`);
      text = text.replace(from, to);
    }
    const look = `const asked = new Set();
      require('electron').app.on('web-contents-created', (_created, page) => page.on('did-finish-load', async () => {
        if (!page.getURL().endsWith('/lock') || asked.has(page)) return;
        asked.add(page);
        ${seen}
        console.log('seen: ' + await (async () => { ${probe} })());
      }));`;
    writeFileSync(join(copy, 'main.cjs'), `${text}\n(() => { ${look} })();\n`);
    const screen: ChildProcess = spawn(path, [...flags, copy], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent',
        ...display.env,
        KAZASU_GUARD_SOCKET: join(folder, 'guard.sock'),
        KAZASU_SCREEN_DATA: join(folder, `${name}-data`),
      },
    });
    const ended = once(screen, 'exit');
    try {
      assert.ok(screen.stdout);
      for await (const line of createInterface({ input: screen.stdout, signal: AbortSignal.timeout(20_000) }))
        if (line.startsWith('seen: ')) return line.slice('seen: '.length);
      throw new Error('it ended without a word');
    } finally {
      screen.kill('SIGKILL');
      await ended;
    }
  }

  for (const [index, [name, { kept, undone, without, probe, expected }]] of Object.entries(measures).entries())
    test(name, async () => {
      const changes = without === undefined ? [] : [without];
      assert.equal(await ask(`kept-${index}`, changes, probe), expected.kept);
      assert.equal(await ask(`undone-${index}`, [...changes, [kept, undone]], probe), expected.undone);
    });
});
