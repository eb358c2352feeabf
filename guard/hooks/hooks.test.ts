import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { TerminalEvent } from '#contract/audit.ts';
import { createLog } from '../log.ts';
import { hookFile } from './hook-file.ts';
import { createHooks, type Hooks, type Who } from './hooks.ts';

const hanako: Who = {
  person: '0b6d1f0e-0000-4000-8000-000000000001',
  name: '看護\n花子',
  number: '100001',
  roles: ['clinician', 'helpdesk'],
  session: 'session-1',
  terminal: '3E-01',
};
const ichiro: Who = {
  ...hanako,
  person: '0b6d1f0e-0000-4000-8000-000000000002',
  name: '鈴木 一郎',
  session: 'session-2',
};

describe('what a terminal does when somebody comes and goes', () => {
  let folder = '';
  let recorded: TerminalEvent[] = [];
  let hooks: Hooks;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kazasu-hooks-'));
    recorded = [];
  });
  afterEach(async () => {
    await hooks.stop();
    rmSync(folder, { recursive: true });
  });

  /** A program of this terminal; `$FOLDER` is where the test looks. */
  const program = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return path;
  };
  const note = 'echo "$KAZASU_EVENT $KAZASU_SESSION $KAZASU_REASON" >> "$FOLDER/heard"';
  const heard = (): string[] =>
    existsSync(join(folder, 'heard')) ? readFileSync(join(folder, 'heard'), 'utf8').trimEnd().split(/ *\n/) : [];
  const until = async (holds: () => boolean): Promise<void> => {
    for (let look = 0; look < 400 && !holds(); look += 1) await delay(5);
    assert.equal(holds(), true);
  };
  const start = (file: object): Hooks => {
    hooks = createHooks({
      file: hookFile.parse({ environment: { FOLDER: folder }, ...file }),
      asUser: [],
      record: (facts) => void recorded.push(facts),
      log: createLog({ level: 'error', now: () => new Date(0), write: () => undefined }),
    });
    return hooks;
  };
  const hook = (text: string, more: object = {}) => ({ command: [program(`hook-${text.length}`, text)], ...more });
  const failures = () => recorded.map(({ kind, reason }) => [kind, reason]);

  test('a hook is told whose session it is, by variables of one line and by JSON', async () => {
    const tell = 'cat > "$FOLDER/$KAZASU_EVENT.json"; env | grep ^KAZASU_ | sort > "$FOLDER/$KAZASU_EVENT.env"';
    start({ unlock: hook(tell), lock: hook(tell) });
    assert.equal(await hooks.prepare(hanako), true);
    hooks.locked(hanako.session, 'same-card');
    await hooks.stop();
    const read = (name: string) => readFileSync(join(folder, name), 'utf8');
    assert.deepEqual(JSON.parse(read('unlock.json')), { event: 'unlock', ...hanako });
    assert.deepEqual(JSON.parse(read('lock.json')), { event: 'lock', ...hanako, reason: 'same-card' });
    assert.deepEqual(read('lock.env').trim().split('\n'), [
      'KAZASU_EVENT=lock',
      'KAZASU_NAME=看護 花子',
      'KAZASU_NUMBER=100001',
      `KAZASU_PERSON=${hanako.person}`,
      'KAZASU_REASON=same-card',
      'KAZASU_ROLES=clinician,helpdesk',
      'KAZASU_SESSION=session-1',
      'KAZASU_TERMINAL=3E-01',
    ]);
    assert.deepEqual(recorded, []);
  });

  test('locking does not wait, and what it began is over before the next person’s begins', async () => {
    start({ unlock: hook(note), lock: hook(`sleep 0.3; ${note}`) });
    await hooks.prepare(hanako);
    const before = performance.now();
    hooks.locked(hanako.session, 'button');
    assert.ok(performance.now() - before < 50);
    assert.equal(await hooks.prepare(ichiro), true);
    assert.deepEqual(heard(), ['unlock session-1', 'lock session-1 button', 'unlock session-2']);
  });

  test('a hook of locking that hangs keeps the next opening covered, until its own time is over', async () => {
    start({ lock: hook('sleep 60', { seconds: 0.6 }), unlock: hook(note), patience: 150 });
    await hooks.prepare(hanako);
    hooks.locked(hanako.session, 'idle');
    assert.equal(await hooks.prepare(ichiro), false);
    hooks.locked(ichiro.session, 'open-failed');
    await until(() => failures().some(([, reason]) => reason === 'time'));
    assert.ok(!heard().includes('unlock session-2'), 'nothing began for whom it stayed covered');
  });

  test('where policy says so, it opens all the same after that short time', async () => {
    start({ lock: hook('sleep 60'), unlock: hook(note), patience: 150, whenNotDone: 'open' });
    await hooks.prepare(hanako);
    hooks.locked(hanako.session, 'idle');
    const before = performance.now();
    assert.equal(await hooks.prepare(ichiro), true);
    const took = performance.now() - before;
    assert.ok(took >= 140 && took < 1_000, `${took} ms`);
    // What hung is ended, so that what the present person needs comes to its turn.
    await until(() => heard().includes('unlock session-2'));
    assert.ok(failures().some(([kind, reason]) => kind === 'hook.failed' && reason === 'late'));
  });

  test('an unlocking that hangs ends with the lock, not later', async () => {
    start({ unlock: hook('sleep 60'), lock: hook(note), patience: 100, whenNotDone: 'open' });
    assert.equal(await hooks.prepare(hanako), true);
    hooks.locked(hanako.session, 'button');
    await until(() => heard().includes('lock session-1 button'));
  });

  test('a lock while the desktop is made ready ends the waiting at once', async () => {
    start({ unlock: hook('sleep 60'), patience: 5_000 });
    const preparing = hooks.prepare(hanako);
    await delay(50);
    hooks.locked(hanako.session, 'button');
    const before = performance.now();
    assert.equal(await preparing, false);
    assert.ok(performance.now() - before < 1_000);
    assert.deepEqual(recorded, [], 'that is no failure');
  });

  for (const [whenNotDone, opens] of [
    ['stay-covered', false],
    ['open', true],
  ] as const)
    test(`a hook that fails is recorded, and policy decides: ${whenNotDone}`, async () => {
      start({ unlock: hook('exit 3'), whenNotDone });
      assert.equal(await hooks.prepare(hanako), opens);
      assert.deepEqual(failures(), [['hook.failed', 'exit']]);
      assert.equal(recorded[0]?.detail?.['hook'], 'unlock');
    });

  test('a hook that is not there is recorded as missing', async () => {
    start({ unlock: { command: [join(folder, 'nothing')] } });
    assert.equal(await hooks.prepare(hanako), false);
    assert.deepEqual(failures(), [['hook.failed', 'missing']]);
  });

  test('the desktop is swept first: marked and emptied on lock, the windows of others away on unlock', async () => {
    const sweep = program('sweep', 'echo "sweep $*" >> "$FOLDER/heard"');
    start({ desktop: { program: sweep, windows: 'end', spare: ['Ehr', 'a b'] }, unlock: hook(note), lock: hook(note) });
    await hooks.prepare(hanako);
    hooks.locked(hanako.session, 'button');
    await hooks.prepare(ichiro);
    const [first = '', , lock = '', , second = ''] = heard();
    const mark = /^sweep unlock ([0-9a-f]{16}) end --spare Ehr --spare a b$/.exec(first)?.[1];
    assert.ok(mark, first);
    assert.equal(lock, `sweep lock ${mark}`);
    assert.match(
      second,
      new RegExp(`^sweep unlock (?!${mark})[0-9a-f]{16} end --before ${mark} --spare Ehr --spare a b$`),
    );
    assert.deepEqual(
      heard().map((line) => line.split(' ')[0]),
      ['sweep', 'unlock', 'sweep', 'lock', 'sweep', 'unlock'],
    );
  });

  test('windows that cannot be put away keep it covered, and the person’s own hook does not run', async () => {
    start({ desktop: { program: program('sweep', 'exit 1') }, unlock: hook(note) });
    assert.equal(await hooks.prepare(hanako), false);
    assert.deepEqual(heard(), []);
  });

  test('a session that the guard before this one left open is closed before anybody’s is opened', async () => {
    start({ unlock: hook(note), lock: hook(note) });
    hooks.left(hanako.person, hanako.session);
    await hooks.prepare(ichiro);
    assert.deepEqual(heard(), ['lock session-1 start', 'unlock session-2']);
  });

  test('another session’s end is not this one’s', async () => {
    start({ lock: hook(note) });
    await hooks.prepare(ichiro);
    hooks.locked(hanako.session, 'open-failed');
    await hooks.stop();
    assert.deepEqual(heard(), []);
  });
});
