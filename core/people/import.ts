import type { ImportColumn, ImportedFacts, ImportPlan, ImportProblem, ImportRule } from '#contract/api/imports.ts';
import type { PersonSummary } from '#contract/api/people.ts';
import type { Role } from '#contract/api/row.ts';
import { cleanKana, cleanText, normaliseNumber } from '../policy/text.ts';
import { readHeader, readRoles, readState } from './columns.ts';

/** A line of the file, cut into cells. */
export interface Line {
  /** From 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

export interface ToPlan {
  /** The header first. */
  readonly lines: readonly Line[];
  /** Everybody who has not left. */
  readonly people: readonly PersonSummary[];
  /** Who imports: nobody changes their own rights. */
  readonly importer: PersonSummary['id'];
  readonly suspendMissing: boolean;
}

export type Planned = Omit<ImportPlan, 'digest'>;

export const mostLines = 20_000;
/** More at once is a wrong file rather than a wave of leavers. */
export const mostSuspended = 1000;
const mostProblems = 500;
const longest = { number: 40, name: 80, kana: 80, roles: 200, state: 40 } as const;

/** What a line says; `undefined` where the file has no such column or the cell is empty. */
interface Wanted {
  readonly line: number;
  readonly number: string;
  readonly name: string;
  readonly kana: string | undefined;
  readonly roles: Role[] | undefined;
  readonly state: 'active' | 'suspended' | undefined;
}

/** Numbers are the same whatever their case. */
const keyOf = (number: string): string => normaliseNumber(number).toLowerCase();

export const nothingPlanned = (problems: readonly ImportProblem[]): Planned => ({
  added: [],
  changed: [],
  suspended: [],
  unchanged: 0,
  stillSuspended: 0,
  leftOut: 0,
  problems: problems.slice(0, mostProblems),
});

const problem = (line: number | null, column: ImportColumn | null, rule: ImportRule, other: number | null = null) => ({
  line,
  column,
  rule,
  other,
});

/** What an import would change. With a single problem there is nothing to apply; the rest is shown all the same. */
export const planImport = ({ lines: [head, ...lines], people, importer, suspendMissing }: ToPlan): Planned => {
  if (head === undefined || lines.length === 0) return nothingPlanned([problem(null, null, 'empty')]);
  if (lines.length > mostLines) return nothingPlanned([problem(null, null, 'too-many-lines')]);
  const columns = head.cells.map(readHeader);
  const faults = findHeaderFaults(head.line, columns);
  if (faults.length > 0) return nothingPlanned(faults);
  const problems: ImportProblem[] = [];
  const wanted = readLines(lines, columns, problems);

  const known = new Map(people.map((person) => [keyOf(person.number), person]));
  const plan = { ...nothingPlanned([]), added: [], changed: [], suspended: [], problems } as Mutable;
  for (const one of wanted) {
    const person = known.get(keyOf(one.number));
    if (person === undefined) addTo(plan, one);
    else compare(plan, one, person, importer);
  }
  if (suspendMissing) {
    const named = new Set(wanted.map(({ number }) => keyOf(number)));
    for (const person of people) {
      if (person.state !== 'active' || person.id === importer || named.has(keyOf(person.number))) continue;
      plan.suspended.push({ line: null, person });
    }
  }
  if (plan.suspended.length > mostSuspended) problems.push(problem(null, null, 'too-many-suspended'));
  return { ...plan, problems: problems.slice(0, mostProblems) };
};

type Mutable = { -readonly [Name in keyof Planned]: Planned[Name] };

const findHeaderFaults = (line: number, columns: readonly (ImportColumn | undefined)[]): ImportProblem[] => {
  const missing = (['number', 'name'] as const).filter((column) => !columns.includes(column));
  const twice = columns.filter((column, place) => column !== undefined && columns.indexOf(column) < place);
  return [
    ...missing.map((column) => problem(line, column, 'header-missing')),
    ...twice.map((column) => problem(line, column ?? null, 'header-twice')),
  ];
};

const readLines = (
  lines: readonly Line[],
  columns: readonly (ImportColumn | undefined)[],
  problems: ImportProblem[],
): Wanted[] => {
  const lineOf = new Map<string, number>();
  const wanted: Wanted[] = [];
  for (const { line, cells } of lines) {
    const say = (column: ImportColumn | null, rule: ImportRule, other: number | null = null): void =>
      void problems.push(problem(line, column, rule, other));
    const before = problems.length;
    // Spreadsheets leave empty cells at the end; anything else beyond the header is out of its place.
    if (cells.slice(columns.length).some((cell) => cell.trim() !== '')) say(null, 'columns');
    const cell = (column: ImportColumn): string => {
      const place = columns.indexOf(column);
      return place < 0 ? '' : readCell(cells[place] ?? '', column, say);
    };
    const [number, name, kana] = [normaliseNumber(cell('number')), cell('name'), cleanKana(cell('kana'))];
    const [roles, state] = [cell('roles'), cell('state')];
    const readRole = roles === '' ? undefined : readRoles(roles);
    const read = state === '' ? undefined : readState(state);
    if (number === '' && problems.length === before) say('number', 'required');
    if (name === '' && problems.length === before) say('name', 'required');
    if (roles !== '' && readRole === undefined) say('roles', 'role-unknown');
    if (state !== '' && read === undefined) say('state', 'state-unknown');
    const other = lineOf.get(keyOf(number));
    if (number !== '' && other !== undefined) say('number', 'twice', other);
    else lineOf.set(keyOf(number), line);
    if (problems.length > before) continue;
    wanted.push({ line, number, name, kana: kana === '' ? undefined : kana, roles: readRole, state: read });
  }
  return wanted;
};

/** The clean text of a cell; empty when it has a problem, which is said. */
const readCell = (raw: string, column: ImportColumn, say: (column: ImportColumn, rule: ImportRule) => void): string => {
  const text = raw.normalize('NFC').trim();
  // What a decoder puts where it understood nothing.
  const rule = text.includes('\ufffd')
    ? 'damaged'
    : cleanText(text) !== text
      ? 'characters'
      : text.length > longest[column]
        ? 'too-long'
        : undefined;
  if (rule === undefined) return text;
  say(column, rule);
  return '';
};

const addTo = (plan: Mutable, { line, number, name, kana = '', roles, state }: Wanted): void => {
  if (state === 'suspended') {
    plan.leftOut += 1;
    return;
  }
  plan.added.push({ line, person: { number, name, kana, state: 'active', roles: roles ?? ['clinician'] } });
};

const factsOf = ({ number, name, kana, state, roles }: PersonSummary): ImportedFacts => ({
  number,
  name,
  kana,
  state,
  roles,
});

const sameRoles = (one: readonly Role[], other: readonly Role[]): boolean =>
  [...new Set(one)].sort().join() === [...new Set(other)].sort().join();

const compare = (plan: Mutable, one: Wanted, person: PersonSummary, importer: PersonSummary['id']): void => {
  const roles = one.roles === undefined || sameRoles(one.roles, person.roles) ? person.roles : one.roles;
  const leaves = one.state === 'suspended' && person.state === 'active';
  const returns = one.state === 'active' && person.state === 'suspended';
  if (person.id === importer && leaves) plan.problems.push(problem(one.line, 'state', 'self'));
  if (person.id === importer && roles !== person.roles) plan.problems.push(problem(one.line, 'roles', 'self'));
  const before = factsOf(person);
  const state = returns ? 'active' : person.state;
  const after: ImportedFacts = { ...before, name: one.name, kana: one.kana ?? person.kana, state, roles };
  const differs = after.name !== before.name || after.kana !== before.kana || after.roles !== before.roles || returns;
  if (differs) plan.changed.push({ line: one.line, id: person.id, before, after });
  if (leaves) plan.suspended.push({ line: one.line, person });
  if (!differs && !leaves) plan.unchanged += 1;
  if (person.state === 'suspended' && one.state === undefined) plan.stillSuspended += 1;
};
