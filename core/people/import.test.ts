import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { PersonSummary } from '#contract/api/people.ts';
import type { Role } from '#contract/api/row.ts';
import { type Line, planImport } from './import.ts';

const id = (last: number): PersonSummary['id'] =>
  `00000000-0000-4000-8000-${String(last).padStart(12, '0')}` as PersonSummary['id'];
const person = (last: number, more: Partial<PersonSummary> = {}): PersonSummary => ({
  id: id(last),
  number: `N${last}`,
  name: `name ${last}`,
  kana: '',
  state: 'active',
  roles: ['clinician'],
  ...more,
});
const people = [
  person(1, { roles: ['admin'] }),
  person(2, { kana: 'ヤマダ' }),
  person(3, { state: 'suspended' }),
  person(4),
];
const lines = (...rows: string[][]): Line[] => rows.map((cells, place) => ({ line: place + 1, cells }));
const plan = (rows: string[][], suspendMissing = false) =>
  planImport({ lines: lines(...rows), people, importer: id(1), suspendMissing });
const problemsOf = (rows: string[][]) =>
  plan(rows).problems.map(({ line, column, rule, other }) =>
    [line ?? 'file', column ?? '-', rule, ...(other === null ? [] : [other])].join(' '),
  );
const head = ['職員番号', '氏名', 'フリガナ', '役割', '状態'];

describe('the plan of an import', () => {
  it('adds, changes, suspends, brings back and leaves alone', () => {
    const { added, changed, suspended, unchanged, leftOut, stillSuspended, problems } = plan([
      head,
      ['N9', '新人 花子', 'ｼﾝｼﾞﾝ ﾊﾅｺ', '', ''],
      ['ｎ2', '山田 太郎', '', '診療職員・ヘルプデスク', '在籍'],
      ['N3', 'name 3', '', '', '利用中'],
      ['N4', 'name 4', '', 'clinician', '退職'],
      ['N1', 'name 1', '', '', ''],
      ['N8', '退職済み', '', '', '退職'],
    ]);
    assert.deepEqual(problems, []);
    assert.deepEqual(added, [
      {
        line: 2,
        person: { number: 'N9', name: '新人 花子', kana: 'シンジン ハナコ', state: 'active', roles: ['clinician'] },
      },
    ]);
    assert.deepEqual(
      changed.map(({ line, before, after }) => [line, before.name, after.name, after.kana, after.roles, after.state]),
      [
        [3, 'name 2', '山田 太郎', 'ヤマダ', ['clinician', 'helpdesk'], 'active'],
        [4, 'name 3', 'name 3', '', ['clinician'], 'active'],
      ],
    );
    assert.deepEqual(
      suspended.map((one) => [one.line, one.person.number]),
      [[5, 'N4']],
    );
    assert.deepEqual([unchanged, leftOut, stillSuspended], [1, 1, 0]);
  });

  it('understands headers in Japanese and English, in any order, and passes over what it does not know', () => {
    for (const headers of [
      ['氏名', '部署', '職員番号'],
      ['Full Name', 'department', 'Staff_Number'],
      ['名前', '', '社員番号'],
      ['ＮＡＭＥ', 'x', 'ID'],
    ]) {
      const { added, problems } = plan([headers, ['新人', '外科', 'N9']]);
      assert.deepEqual(
        [problems, added.at(0)?.person.number, added.at(0)?.person.name],
        [[], 'N9', '新人'],
        headers.join(),
      );
    }
    assert.deepEqual(
      problemsOf([
        ['氏名', 'フリガナ', '名前'],
        ['a', 'b', 'c'],
      ]),
      ['1 number header-missing', '1 name header-twice'],
    );
  });

  it('suspends who is not in the file only when it is told to, and never who imports', () => {
    const rows = [
      ['number', 'name'],
      ['N2', 'name 2'],
    ];
    assert.deepEqual(plan(rows).suspended, []);
    assert.deepEqual(
      plan(rows, true).suspended.map((one) => [one.line, one.person.number]),
      [[null, 'N4']],
    );
  });

  it('keeps whoever is suspended so when the file does not speak of states, and says how many', () => {
    const { changed, stillSuspended, unchanged } = plan([
      ['number', 'name'],
      ['N3', 'name 3'],
    ]);
    assert.deepEqual([changed, stillSuspended, unchanged], [[], 1, 1]);
  });

  it('refuses line by line what cannot be taken', () => {
    assert.deepEqual(
      problemsOf([
        head,
        ['', '無番', '', '', ''],
        ['N10', '', '', '', ''],
        ['N11', 'a\u0000b', '', '', ''],
        ['N12', 'a\u202eb', '', '', ''],
        ['N13', 'a\nb', '', '', ''],
        ['N14', 'x'.repeat(81), '', '', ''],
        ['N'.repeat(41), 'x', '', '', ''],
        ['N15', '\ufffd\ufffd田', '', '', ''],
        ['N16', 'x', '', '院長', ''],
        ['N17', 'x', '', '', '不明'],
        ['N18', 'x', '', '', '', 'extra'],
        ['N19', 'x', '', '', '', ''],
        ['ｎ19', 'y', '', '', ''],
        ['N1', 'name 1', '', 'clinician', '退職'],
      ]),
      [
        '2 number required',
        '3 name required',
        '4 name characters',
        '5 name characters',
        '6 name characters',
        '7 name too-long',
        '8 number too-long',
        '9 name damaged',
        '10 roles role-unknown',
        '11 state state-unknown',
        '12 - columns',
        '14 number twice 13',
        '15 state self',
        '15 roles self',
      ],
    );
  });

  it('refuses a file that is none, or too large', () => {
    assert.deepEqual(problemsOf([]), ['file - empty']);
    assert.deepEqual(problemsOf([head]), ['file - empty']);
    const many = Array.from({ length: 20_001 }, (_, number) => [`A${number}`, 'x']);
    assert.deepEqual(problemsOf([['number', 'name'], ...many]), ['file - too-many-lines']);
    assert.equal(problemsOf([['number', 'name'], ...many.slice(1).map(() => ['', ''])]).length, 500);
  });

  it('does not suspend a hospital by mistake', () => {
    const staff = Array.from({ length: 1002 }, (_, number) => person(number + 10));
    const rows = lines(['number', 'name'], ['N10', 'name 10']);
    const { problems } = planImport({ lines: rows, people: staff, importer: id(1), suspendMissing: true });
    assert.deepEqual(
      problems.map(({ rule }) => rule),
      ['too-many-suspended'],
    );
  });

  it('is empty once it has been carried out', () => {
    const cell = fc.constantFrom('N1', 'N2', 'n3', 'N9', 'name', 'x', '');
    const row = fc.tuple(
      fc.constantFrom('N2', 'N3', 'N4', 'N7', 'N8'),
      fc.constantFrom('name 2', '新人'),
      cell,
      fc.constantFrom('', 'clinician', 'helpdesk auditor'),
      fc.constantFrom('', 'active', 'suspended'),
    );
    const rows = fc.uniqueArray(row, { selector: ([number]) => number, minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(rows, (given) => {
        const file = lines(head, ...given);
        const first = planImport({ lines: file, people, importer: id(1), suspendMissing: true });
        assert.deepEqual(first.problems, []);
        let number = 100;
        const after: PersonSummary[] = [
          ...people.map((one) => ({
            ...one,
            ...first.changed.find((change) => change.id === one.id)?.after,
            ...(first.suspended.some((gone) => gone.person.id === one.id) ? { state: 'suspended' as const } : {}),
          })),
          ...first.added.map((one) => ({ ...one.person, roles: [...one.person.roles] as Role[], id: id(number++) })),
        ];
        const second = planImport({ lines: file, people: after, importer: id(1), suspendMissing: true });
        assert.deepEqual([second.added, second.changed, second.suspended], [[], [], []]);
      }),
    );
  });
});
