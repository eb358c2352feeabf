import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { LoginEvent } from '#core/login/state.ts';
import { createLog } from './log.ts';
import { type LogindLink, startLogindLink } from './logind-link.ts';

let folder = '';
let link: LogindLink;
let events: LoginEvent[] = [];
let lines: string[] = [];
let lock = 'first';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kazasu-logind-'));
  [events, lines, lock] = [[], [], 'first'];
});
afterEach(async () => {
  await link.stop();
  rmSync(folder, { recursive: true });
});

/** Begins under a program that does what the test says; each event makes a new lock, as the machine does. */
const start = (text: string): void => {
  const program = join(folder, 'logind');
  writeFileSync(program, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  link = startLogindLink({
    program,
    environment: { PATH: '/usr/bin:/bin', FOLDER: folder },
    onEvent: (event) => {
      events.push(event);
      lock = `lock-${events.length}`;
    },
    lock: () => lock,
    log: createLog({ level: 'info', now: () => new Date(0), write: (line) => void lines.push(line) }),
  });
};
const until = async (holds: () => boolean): Promise<void> => {
  for (let look = 0; look < 400 && !holds(); look += 1) await delay(5);
  assert.equal(holds(), true);
};
/** What the program wrote to a file; nothing yet where there is none. */
const written = (name: string): string => {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};
const told = (): string => written('told');
const listen = 'cat > "$FOLDER/told"';

test('a lock is obeyed and an unlock is not', async () => {
  start(`printf 'ready\\nunlock\\nlock\\n'; ${listen}`);
  await until(() => events.length > 0);
  assert.deepEqual(events, [{ kind: 'lock-asked', reason: 'system' }]);
  assert.match(lines.join(''), /logind-unlock-ignored/);
});

test('a sleep goes on once the screens are covered for the lock that it made, and is told so once', async () => {
  start(`printf 'ready\\nsleep\\n'; ${listen}`);
  await until(() => events.length > 0);
  assert.deepEqual(events, [{ kind: 'lock-asked', reason: 'suspend' }]);
  link.covered('first');
  await delay(50);
  assert.equal(told(), '');
  link.covered('lock-1');
  link.covered('lock-1');
  await until(() => told() !== '');
  await link.stop();
  assert.equal(told(), 'covered\nlocked\n');
});

test('a sleep that is over is not let go any more', async () => {
  start(`printf 'ready\\nsleep\\nwoke\\nlock\\n'; ${listen}`);
  await until(() => events.length === 2);
  link.covered('lock-2');
  await link.stop();
  assert.equal(told(), 'locked\n');
  assert.match(lines.join(''), /slept-uncovered/);
});

test('what the session is, is told when it changes, and again to a program that was started anew', async () => {
  start('echo ready; while read -r word; do echo "$word" >> "$FOLDER/told"; [ "$word" = open ] && exit 3; done');
  await until(() => lines.join('').includes('logind-joined'));
  link.covered('another lock');
  for (let time = 0; time < 3; time += 1) link.covered('first');
  await until(() => told() !== '');
  assert.equal(told(), 'locked\n');
  link.opened();
  link.opened();
  await until(() => told() === 'locked\nopen\nopen\n');
});

test('a program that ends or speaks nonsense is started again', async () => {
  start('echo x >> "$FOLDER/starts"; [ "$(wc -l < "$FOLDER/starts")" = 1 ] && exit 3; echo open; exec sleep 60');
  await until(() => written('starts').length >= 6);
  assert.match(lines.join(''), /logind-foreign/);
  assert.deepEqual(events, []);
});

test('a program that is not there is told and tried again, and holds up nothing', async () => {
  link = startLogindLink({
    program: join(folder, 'nothing'),
    environment: {},
    onEvent: (event) => void events.push(event),
    lock: () => lock,
    log: createLog({ level: 'info', now: () => new Date(0), write: (line) => void lines.push(line) }),
  });
  await until(() => /ENOENT/.test(lines.join('')));
  await link.stop();
});

test('whoever kills the guard with its group leaves logind’s program its last word', async () => {
  start(`echo $$ > "$FOLDER/pid"; ${listen}`);
  await until(() => written('pid').endsWith('\n'));
  const group = readFileSync(`/proc/${Number(written('pid'))}/stat`, 'utf8')
    .replace(/.*\) /, '')
    .split(' ')[2];
  assert.equal(group, written('pid').trim());
});
