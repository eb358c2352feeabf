import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { StoredEvent } from '#contract/audit.ts';
import { node, root } from '#setup/paths.ts';
import type { Step } from './teller.ts';

const folder = mkdtempSync(join(tmpdir(), 'kazasu-pictures-'));

interface Told {
  readonly code: number | null;
  readonly said: string;
}

/** Runs the tour; `onLine` hears what it tells and may end it. */
function tour(onLine: (line: string, kill: (signal: NodeJS.Signals) => void) => void = () => undefined): Promise<Told> {
  const child = spawn(node, ['e2e/tour/start.ts', '--folder', folder], { cwd: root });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    onLine(text, (signal) => child.kill(signal));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, said })));
}

const leftovers = (): readonly string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('kazasu-tour-'));
const lines = <Line>(name: string): readonly Line[] =>
  readFileSync(join(folder, name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

test('a tour that was killed in the middle leaves nothing that the next one minds', { timeout: 600_000 }, async () => {
  const before = new Set(leftovers());
  const killed = await tour((line, kill) => line.includes('✓ The terminal starts') && kill('SIGKILL'));
  assert.equal(killed.code, null, killed.said);
  assert.equal(leftovers().filter((name) => !before.has(name)).length, 1, 'it had no time to clear up');

  const { code, said } = await tour();
  assert.equal(code, 0, said);
  assert.match(said, /Removed what a killed tour left/);
  assert.deepEqual(
    leftovers().filter((name) => !before.has(name)),
    [],
  );

  const steps = lines<Step>('steps.jsonl');
  assert.ok(steps.length >= 30 && steps.every((step) => step.result === 'held'));
  assert.deepEqual(
    steps.map((step) => step.number),
    steps.map((_, index) => index + 1),
  );
  const pictures = steps.flatMap((step) => step.pictures);
  assert.ok(pictures.length >= 40, `${pictures.length} pictures`);
  assert.deepEqual(
    readdirSync(folder)
      .filter((name) => name.endsWith('.png'))
      .sort(),
    [...pictures].sort(),
  );
  for (const name of pictures) {
    const png = readFileSync(join(folder, name));
    assert.deepEqual([...png.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47], name);
    assert.ok(png.length > 5_000, `${name} shows nothing`);
  }
  const report = readFileSync(join(folder, 'tour.md'), 'utf8');
  for (const name of pictures) assert.ok(report.includes(`](${name})`), name);
  const events = lines<StoredEvent>('events.jsonl');
  assert.ok(events.some((event) => event.kind === 'session.ended' && event.reason === 'revoked'));
  // After a failure the pictures and logs stay, where the tour said.
  rmSync(folder, { recursive: true, force: true });
});
