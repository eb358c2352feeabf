import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { longestCurtainLine, longestLabel, toCurtain } from '#contract/curtain.ts';
import { compileOnce } from '#setup/curtain.ts';
import { root } from '#setup/paths.ts';

let program = '';
before(async () => {
  const sources = [join(import.meta.dirname, 'messages.c'), join(root, 'native', 'curtain', 'message.c')];
  const flags = ['-std=gnu17', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
  program = await compileOnce({ name: 'messages', sources, libraries: [] }, flags);
});

function readByCurtain(lines: readonly string[]): string[] {
  const { stdout, status, stderr } = spawnSync(program, {
    input: `${lines.join('\n')}\n`,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  assert.equal(status, 0, stderr);
  return stdout.split('\n').slice(0, -1);
}

/** What the contract makes of the same line. */
function readByContract(line: string): string {
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch {
    return '-';
  }
  const parsed = toCurtain.safeParse(raw);
  if (!parsed.success) return '-';
  const { data } = parsed;
  if (data.kind === 'label') return `label ${data.terminal}|${data.helpdesk}`;
  return data.kind === 'cover' ? `cover ${data.lock}` : `lease ${data.lock} ${data.sequence} ${data.milliseconds}`;
}

const lock = randomUUID();
const good = [
  `{"kind":"cover","lock":"${lock}"}`,
  `{"kind":"lease","lock":"${lock}","sequence":1,"milliseconds":1}`,
  `{"lock":"${lock}","sequence":${2 ** 53 - 1},"milliseconds":2000,"kind":"lease"}`,
  JSON.stringify({ kind: 'label', terminal: '3東病棟-05 "A" \\ 看護', helpdesk: '内線 2119' }),
  ` { "kind" : "label" , "terminal" : "" , "helpdesk" : "\\u6771\\/" } `,
];

test('takes every message of the contract as it is meant', () => {
  assert.deepEqual(readByCurtain(good), good.map(readByContract));
  assert.ok(good.every((line) => readByContract(line) !== '-'));
  const longest = JSON.stringify({ kind: 'label', terminal: 'x'.repeat(longestLabel), helpdesk: '9' });
  assert.ok(longest.length < longestCurtainLine);
  assert.deepEqual(readByCurtain([longest]), [readByContract(longest)]);
});

test('refuses what the contract refuses', () => {
  const bad = [
    '',
    '{}',
    '[]',
    'null',
    '{"kind":"lease"}',
    `{"kind":"open","lock":"${lock}"}`,
    `{"kind":"cover","lock":"${lock}","more":1}`,
    `{"kind":"cover","lock":"${lock.slice(1)}"}`,
    `{"kind":"cover","lock":"${lock}0"}`,
    `{"kind":"cover","lock":null}`,
    `{"kind":"cover","lock":"${lock}"}x`,
    `{"kind":"cover","lock":"${lock}",}`,
    ...['0', '-1', '1.5', '1e3', '01', '2001', '"1"', 'true', '99999999999999999999'].flatMap((number) => [
      `{"kind":"lease","lock":"${lock}","sequence":1,"milliseconds":${number}}`,
      ...(number === '2001' ? [] : [`{"kind":"lease","lock":"${lock}","sequence":${number},"milliseconds":1}`]),
    ]),
    `{"kind":"label","terminal":"${'x'.repeat(longestLabel + 1)}","helpdesk":""}`,
    `{"kind":"label","terminal":"a\u0001","helpdesk":""}`,
    '{"kind":"label","terminal":"\\ud800","helpdesk":""}',
  ];
  for (const [index, read] of readByCurtain(bad).entries()) assert.equal(read, '-', bad[index]);
});

test('of 60,000 damaged and random lines none is taken that the contract refuses, and none is read beyond its end', () => {
  const pieces = [
    '{',
    '}',
    '"',
    ':',
    ',',
    '\\u',
    '\\',
    lock,
    '0',
    '1',
    '2000',
    'kind',
    'lease',
    'cover',
    'null',
    ' ',
    '\t',
  ];
  const damaged = (line: string): string => {
    const at = randomInt(line.length + 1);
    const length = randomInt(4);
    const piece = pieces[randomInt(pieces.length)] ?? '';
    return line.slice(0, at) + (randomInt(2) === 0 ? piece : '') + line.slice(at + length);
  };
  const lines = Array.from({ length: 60_000 }, (_, index) => {
    if (index % 4 === 0)
      return randomBytes(randomInt(700))
        .toString('latin1')
        .replaceAll(/[\n\0]/g, '.');
    let line = good[index % good.length] ?? '';
    for (let times = randomInt(4); times >= 0; times -= 1) line = damaged(line);
    return line;
  });
  const taken = readByCurtain(lines);
  assert.equal(taken.length, lines.length);
  let both = 0;
  for (const [index, read] of taken.entries()) {
    if (read === '-') continue;
    both += 1;
    assert.equal(read, readByContract(lines[index] ?? ''), lines[index]);
  }
  assert.ok(both > 100, `${both} lines were still whole`);
});
