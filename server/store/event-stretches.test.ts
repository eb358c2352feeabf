import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { terminalKinds } from '#contract/audit.ts';
import type { PersonId, TerminalId } from '#contract/ids.ts';
import { asEventRow } from './event-rows.ts';
import { everydayKinds, findAlike, isEveryday, stretch } from './event-stretches.ts';
import { alarmKinds, refusalKinds } from './review-snapshot.ts';

const [here, there] = [randomUUID() as TerminalId, randomUUID() as TerminalId];
const [one, other] = [randomUUID() as PersonId, randomUUID() as PersonId];
const now = new Date();

type Facts = Parameters<typeof asEventRow>[2];
const line = (facts: Partial<Facts> & { terminal?: TerminalId | null; at?: Date }) => {
  const { terminal = here, at = now, ...rest } = facts;
  return {
    event: asEventRow(
      null,
      at,
      { kind: 'screen.opened', outcome: 'success', factors: [], detail: {}, ...rest },
      terminal,
      at,
    ),
  };
};
const alikeOf = (lines: readonly ReturnType<typeof line>[], seqs?: readonly number[]): number[] => [
  ...findAlike(lines, seqs ?? lines.map((_, place) => 10 + place)),
];

describe('lines that are written together', () => {
  test('stand in the indexes by the first of those that have their kind, terminal and person', () => {
    const lines = [
      line({ person: one }),
      line({ kind: 'screen.locked', person: one }),
      line({ person: one }),
      line({ person: other }),
      line({}),
      line({ kind: 'screen.locked', person: one }),
      line({ person: one, terminal: there }),
      line({ person: one, terminal: there }),
    ];
    assert.deepEqual(alikeOf(lines), [2, 4, -1, 0, 0, -1, 1, -1]);
  });

  test('stand by another one where that is a stretch away', () => {
    const lines = Array.from({ length: 4 }, () => line({}));
    const last = stretch - 1;
    assert.deepEqual(alikeOf(lines, [7, 7 + last, 8 + last, 6 + 2 * stretch]), [last, -1, stretch - 1, -1]);
    assert.deepEqual(alikeOf(lines, [7, 7 + stretch, 7 + 2 * stretch, 7 + 3 * stretch]), [0, 0, 0, 0]);
  });

  test('stand for themselves where their time is another one', () => {
    const later = new Date(now.getTime() + 1);
    assert.deepEqual(alikeOf([line({}), line({ at: later }), line({ at: new Date(later) })]), [0, 1, -1]);
  });

  test('stand for themselves where somebody else did it, where a support code has to be found, and where no terminal wrote them', () => {
    for (const facts of [{ actor: other }, { supportCode: 'AAA-AAA-AAA' }, { terminal: null }])
      assert.deepEqual(alikeOf([line({ person: one, ...facts }), line({ person: one, ...facts })]), [0, 0]);
  });

  test('of every other kind stand for themselves', () => {
    for (const kind of terminalKinds)
      assert.deepEqual(alikeOf([line({ kind }), line({ kind })]), isEveryday(kind) ? [1, -1] : [0, 0], kind);
  });
});

test('nothing that calls for somebody to look, or that somebody was refused, is an everyday line', () => {
  const others: readonly string[] = [...alarmKinds, ...refusalKinds];
  assert.deepEqual(
    everydayKinds.filter((kind) => others.includes(kind)),
    [],
  );
});

/** Statements that ask for marks alone, with what a constant of the same file puts into them. */
const listMarkStatements = (text: string): string[] =>
  [...text.matchAll(/`[^`]*\bfrom event\b[^`]*`/g)]
    .map(([statement]) => statement)
    .filter((statement) => statement.includes('isMark'))
    .map((statement) =>
      statement.replaceAll(/\$\{(\w+)\}/g, (put, name) => new RegExp(`const ${name} = (.*);`).exec(text)?.[1] ?? put),
    );

test('no statement that asks for marks alone asks for everyday lines: it would pass most of them by', () => {
  const named = (statement: string): boolean => everydayKinds.some((kind) => statement.includes(`'${kind}'`));
  const isFound = listMarkStatements(
    `const some = "('link.lost')";\nquery(\`select 1 from event where kind in \${some} and \${isMark}\`)`,
  );
  assert.deepEqual(isFound.map(named), [true]);
  const folder = join(import.meta.dirname, '..');
  const files = globSync('**/*.ts', { cwd: folder }).filter((file) => !file.endsWith('.test.ts'));
  const statements = files.flatMap((file) => listMarkStatements(readFileSync(join(folder, file), 'utf8')));
  assert.ok(statements.length > 12, `${statements.length}`);
  assert.deepEqual(statements.filter(named), []);
});
