import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { PersonSummary } from '#contract/api/people.ts';
import { iso14443a } from '#e2e/card/cards.ts';
import { createWorld, lifted, settled, type Terminal, until, type World } from '#e2e/world.ts';
import { buildCurtain } from '#setup/curtain.ts';
import { run } from '#setup/run.ts';
import { monotonic, type Probe, startProbe } from './probe.ts';

describe('one person after the other at a terminal with hooks', { timeout: 300_000 }, () => {
  let world: World;
  let terminal: Terminal;
  let watch: Probe;
  const probes: Probe[] = [];
  const cards = { hanako: iso14443a('04A1B2C3D4E580'), ichiro: iso14443a('04A1B2C3D4E581') };
  const people = {} as Record<keyof typeof cards, PersonSummary>;
  const pin = '73019462';

  /** A hook of the terminal: it notes what it is told, and hangs for as long as a file says so. */
  const writeHooks = async (folder: string, display: NodeJS.ProcessEnv): Promise<string> => {
    const hook = join(folder, 'hook');
    const text = [
      'echo "$KAZASU_EVENT $KAZASU_NUMBER $KAZASU_REASON" >> "$FOLDER/heard"',
      'while [ -e "$FOLDER/hang-$KAZASU_EVENT" ]; do sleep 0.05; done',
    ];
    writeFileSync(hook, `#!/bin/sh\n${text.join('\n')}\n`, { mode: 0o755 });
    const path = join(folder, 'hooks.json');
    const file = {
      environment: { ...display, FOLDER: folder },
      desktop: { program: join(await buildCurtain(), 'sweep') },
      unlock: { command: [hook, 'arrived'] },
      lock: { command: [hook, 'left'], seconds: 3 },
      patience: 1_000,
    };
    writeFileSync(path, JSON.stringify(file), { mode: 0o644 });
    return path;
  };

  before(async () => {
    world = await createWorld({
      curtain: true,
      size: '1280x800x24',
      hooks: (display, folder) => writeHooks(folder, display.env),
    });
    terminal = await world.addTerminal('3東-NS-02');
    watch = await startProbe(world.display.env, 'watch');
    for (const [name, number] of [
      ['hanako', '004217'],
      ['ichiro', '004218'],
    ] as const) {
      people[name] = await world.addPerson({ number, name });
      await terminal.enrol(people[name], cards[name], pin);
    }
  });
  after(async () => {
    await Promise.all([watch, ...probes].map((probe) => probe?.stop()));
    await world?.stop();
  });

  const probe = async (...words: readonly string[]): Promise<Probe> => {
    const started = await startProbe(world.display.env, ...words);
    probes.push(started);
    return started;
  };
  const keys = (...names: readonly string[]) =>
    run('xdotool', ['key', '--delay', '15', ...names], { env: { ...process.env, ...world.display.env } });
  const isSeen = (): boolean => watch.changes.at(-1)?.red === true;
  const heard = (): string[] => {
    const path = join(world.folder, 'heard');
    return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split(/ *\n/) : [];
  };
  const hang = (event: 'lock' | 'unlock'): (() => void) => {
    const path = join(world.folder, `hang-${event}`);
    writeFileSync(`${path}.new`, '');
    renameSync(`${path}.new`, path);
    return () => rmSync(path, { force: true });
  };
  const prove = async (name: keyof typeof cards): Promise<void> => {
    await lifted();
    await terminal.shows('ready', 60_000);
    await terminal.tap(cards[name]);
    await terminal.shows('secret');
    await keys(...pin, 'Return');
  };
  const comes = async (name: keyof typeof cards): Promise<void> => {
    await prove(name);
    await terminal.shows('open');
    await settled();
  };
  const leaves = async (): Promise<void> => {
    await keys('ctrl+alt+l');
    await terminal.shows('ready', 60_000);
  };

  test('each hook hears whose session begins and ends, and why', async () => {
    await comes('hanako');
    await leaves();
    await until('both were told', () => heard().length === 2);
    assert.deepEqual(heard(), ['unlock 004217', 'lock 004217 button']);
  });

  test('the next person sees nothing of the one before and finds an empty clipboard; who is back finds what they had', async () => {
    await comes('hanako');
    await probe('victim');
    await probe('copy');
    await until('what she has opened is seen', isSeen);
    assert.equal((await probe('pasted')).ready, true);
    await leaves();
    await until('it is covered', () => !isSeen());
    const before = (await watch.count()).red;
    await comes('ichiro');
    assert.equal((await watch.count()).red, before, 'not for a single look');
    assert.equal((await probe('pasted')).ready, false, 'nothing to paste');
    await leaves();
    await comes('hanako');
    await until('what she had is there again', isSeen);
    await leaves();
  });

  test('a hook that hangs neither delays the cover nor opens to anybody, and is ended in its time', async () => {
    await comes('hanako');
    await until('what she has opened is seen', isSeen);
    const release = hang('lock');
    const asked = monotonic();
    await keys('ctrl+alt+l');
    await until('it is covered', () => !isSeen());
    assert.ok((watch.changes.at(-1)?.at ?? 0) - asked < 500, 'as soon as without hooks');
    const { red } = await watch.count();
    release();
    hang('unlock');
    await prove('ichiro');
    const page = await terminal.shows('refused');
    assert.equal((await watch.count()).red, red, 'covered all the while');
    rmSync(join(world.folder, 'hang-unlock'));
    await world.event(({ kind, reason }) => kind === 'hook.failed' && reason === 'late', 'too late for the opening');
    await page.evaluate("window.kazasu.call('login/cancel', {})");
    await comes('ichiro');
    await leaves();
  });
});
