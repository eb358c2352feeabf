import { fail, type Result, succeed } from '#contract/errors.ts';
import type { Filter, Operator, Value } from '#core/scim/filter.ts';
import { findAttribute, type ResourceKind } from '#core/scim/schema.ts';
import { type Column, columnsOf, type Parts } from './scim-columns.ts';

/** A condition whose every part is true or false, never null, so that `not` turns it round. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly unknown[];
}

type Compiled = Result<string, 'SCIM_FILTER_INVALID'>;
const invalid: Compiled = fail('SCIM_FILTER_INVALID');
/** What nobody keeps is present nowhere. */
const absent = succeed('false');

/** PostgreSQL holds neither U+0000 nor half a surrogate pair: what is compared with them fits nothing that is stored. */
const storable = (value: string): string => value.replaceAll('\0', '\ufffd').toWellFormed();

/** SQL for a filter (RFC 7644 3.4.2.2); values are parameters, counted from 1. */
export const compileFilter = (resource: ResourceKind, filter: Filter): Result<Condition, 'SCIM_FILTER_INVALID'> => {
  const values: unknown[] = [];
  const compiled = createCompiler(resource, values)(filter);
  return compiled.ok ? succeed({ sql: compiled.value, values }) : compiled;
};

const createCompiler = (resource: ResourceKind, values: unknown[]) => {
  const columns = columnsOf[resource];
  const give = (value: unknown): string => `$${values.push(value)}`;

  const compile = (filter: Filter, inside: Parts | null): Compiled => {
    switch (filter.kind) {
      case 'and':
      case 'or': {
        const parts: string[] = [];
        for (const part of filter.parts) {
          const compiled = compile(part, inside);
          if (!compiled.ok) return compiled;
          parts.push(compiled.value);
        }
        return succeed(`(${parts.join(` ${filter.kind} `)})`);
      }
      case 'not': {
        const compiled = compile(filter.part, inside);
        return compiled.ok ? succeed(`(not ${compiled.value})`) : compiled;
      }
      case 'within':
        return compileWithin(filter.path, filter.part);
      default:
        return inside === null ? compileOwn(filter) : compilePart(inside, filter, filter.path.toLowerCase());
    }
  };
  const compileWithin = (path: string, part: Filter): Compiled => {
    const found = findAttribute(resource, path);
    // The shape of what is left aside is not known: no value of it fits anything.
    if (found.kind === 'left-aside') return absent;
    const parts = found.kind === 'known' ? columns.parts[found.path] : undefined;
    if (parts === undefined) return invalid;
    const compiled = compile(part, parts);
    return compiled.ok ? succeed(`${parts.sql} and ${compiled.value})`) : compiled;
  };
  type Leaf = Extract<Filter, { kind: 'compare' | 'present' }>;
  const compilePart = (parts: Parts, leaf: Leaf, name: string): Compiled => {
    const column = Object.entries(parts.columns).find(([known]) => known.toLowerCase() === name)?.[1];
    return column === undefined ? invalid : compileLeaf(column, leaf, give);
  };
  const compileOwn = (leaf: Leaf): Compiled => {
    const found = findAttribute(resource, leaf.path);
    if (found.kind === 'left-aside') return succeed(String(leaf.kind === 'compare' && isMissing(leaf)));
    if (found.kind === 'unknown') return invalid;
    const { path } = found;
    const [whole = '', sub] = path.split('.');
    const parts = columns.parts[whole];
    if (parts !== undefined) {
      if (leaf.kind === 'present' && sub === undefined) return succeed(`${parts.sql})`);
      const compiled = compilePart(parts, leaf, (sub ?? 'value').toLowerCase());
      return compiled.ok ? succeed(`${parts.sql} and ${compiled.value})`) : compiled;
    }
    const column = columns.plain[path] ?? columns.plain[columns.standsFor[path] ?? ''];
    return column === undefined ? invalid : compileLeaf(column, leaf, give);
  };
  return (filter: Filter): Compiled => compile(filter, null);
};

/** Whether the comparison holds for an attribute that has no value. */
const isMissing = ({ operator, value }: { readonly operator: Operator; readonly value: Value }): boolean =>
  (operator === 'eq' && value === null) || (operator === 'ne' && value !== null);

const compileLeaf = (
  column: Column,
  leaf: Extract<Filter, { kind: 'compare' | 'present' }>,
  give: (value: unknown) => string,
): Compiled => {
  if (leaf.kind === 'present') return succeed(`(${column.sql} is not null)`);
  const { operator, value } = leaf;
  if (value === null) {
    if (operator !== 'eq' && operator !== 'ne') return invalid;
    return succeed(`(${column.sql} is ${operator === 'eq' ? '' : 'not '}null)`);
  }
  switch (column.type) {
    case 'boolean':
      return compileBoolean(column, operator, value);
    case 'instant':
      return compileInstant(column, operator, value, give);
    case 'uuid':
      return compileUuid(column, operator, value, give);
    case 'text':
      return compileText(column, operator, value, give);
  }
};

const signs: Partial<Record<Operator, string>> = { eq: '=', ne: '<>', gt: '>', ge: '>=', lt: '<', le: '<=' };

const compileBoolean = ({ sql }: Column, operator: Operator, value: Value): Compiled => {
  const word = String(value).toLowerCase();
  if ((operator !== 'eq' && operator !== 'ne') || (word !== 'true' && word !== 'false')) return invalid;
  return succeed(`(${sql} ${signs[operator]} ${word})`);
};

const compileInstant = (
  { sql }: Column,
  operator: Operator,
  value: Value,
  give: (value: unknown) => string,
): Compiled => {
  const sign = signs[operator];
  if (typeof value !== 'string' || sign === undefined) return invalid;
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(value)) return invalid;
  const at = new Date(value);
  return Number.isNaN(at.getTime()) ? invalid : succeed(`(${sql} ${sign} ${give(at)}::timestamptz)`);
};

const compileUuid = (column: Column, operator: Operator, value: Value, give: (value: unknown) => string): Compiled => {
  if (operator === 'eq' && typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)) {
    return succeed(`(${column.sql} = ${give(value)}::uuid)`);
  }
  return compileText({ ...column, sql: `${column.sql}::text` }, operator, value, give);
};

/** Texts are stored without white space at their ends; a part of one may begin or end with it. */
const partly: readonly Operator[] = ['co', 'sw', 'ew'];

const compileText = (
  { sql, exact, form = 'NFC' }: Column,
  operator: Operator,
  value: Value,
  give: (value: unknown) => string,
): Compiled => {
  if (typeof value !== 'string') return invalid;
  const given = storable(value.normalize(form));
  const place = `${give(partly.includes(operator) ? given : given.trim())}::text`;
  const [held, sought] = exact ? [sql, place] : [`lower(${sql})`, `lower(${place})`];
  switch (operator) {
    case 'ne':
      return succeed(`(${held} is distinct from ${sought})`);
    case 'co':
      return succeed(`coalesce(position(${sought} in ${held}) > 0, false)`);
    case 'sw':
      return succeed(`coalesce(starts_with(${held}, ${sought}), false)`);
    case 'ew':
      return succeed(`coalesce(right(${held}, length(${sought})) = ${sought}, false)`);
    default:
      return succeed(`coalesce(${held} ${signs[operator]} ${sought}${operator === 'eq' ? '' : ' collate "C"'}, false)`);
  }
};

/** What a list is sorted by, ties broken by the identifier so that pages neither overlap nor leave anybody out. */
export const compileSort = (
  resource: ResourceKind,
  sortBy: string | undefined,
  sortOrder: string | undefined,
): Result<string, 'SCIM_PATH_INVALID' | 'SCIM_VALUE_INVALID'> => {
  const order = (sortOrder ?? 'ascending').toLowerCase();
  if (order !== 'ascending' && order !== 'descending') {
    return fail('SCIM_VALUE_INVALID', { problems: [{ path: 'sortOrder', rule: 'invalid_value' }] });
  }
  const { plain, standsFor } = columnsOf[resource];
  const id = `${plain['id']?.sql}`;
  if (sortBy === undefined || sortBy === '') return succeed(id);
  const found = findAttribute(resource, sortBy);
  if (found.kind === 'left-aside') return succeed(id);
  const column = found.kind === 'known' ? (plain[found.path] ?? plain[standsFor[found.path] ?? '']) : undefined;
  if (column === undefined) return fail('SCIM_PATH_INVALID');
  const { type, exact, sql } = column;
  const sorted = type === 'text' && !exact ? `lower(${sql})` : sql;
  return succeed(`${sorted} ${order === 'ascending' ? 'asc nulls last' : 'desc nulls first'}, ${id}`);
};
