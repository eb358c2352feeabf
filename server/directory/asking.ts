import { scimMostResults, scimUrns } from '#contract/api/scim.ts';
import { fail, type Result, succeed } from '#contract/errors.ts';
import { parseFilter } from '#core/scim/filter.ts';
import type { ResourceKind } from '#core/scim/schema.ts';
import { readSelection, type Selection } from '#core/scim/select.ts';
import type { Page } from '../store/directory-people.ts';
import { type Condition, compileFilter, compileSort } from '../store/scim-query.ts';

/** A query as it was sent, behind the address or in a body. */
export interface Asked {
  readonly filter?: string | undefined;
  readonly sortBy?: string | undefined;
  readonly sortOrder?: string | undefined;
  readonly startIndex?: number | undefined;
  readonly count?: number | undefined;
  readonly attributes?: string | readonly string[] | undefined;
  readonly excludedAttributes?: string | readonly string[] | undefined;
}

export interface Question {
  readonly condition: Condition;
  readonly page: Page;
  readonly startIndex: number;
  readonly selection: Selection;
}

const all: Condition = { sql: 'true', values: [] };
const usualCount = 100;
/** No list is this long; more would not fit into PostgreSQL's `offset`. */
const farthest = 1_000_000_000;

/** Filter, sorting, paging and selection of RFC 7644 3.4.2 and 3.9. */
export const readQuestion = (
  resource: ResourceKind,
  asked: Asked,
): Result<Question, 'SCIM_FILTER_INVALID' | 'SCIM_PATH_INVALID' | 'SCIM_VALUE_INVALID'> => {
  const selection = readSelection(resource, asked);
  if (!selection.ok) return selection;
  const sort = compileSort(resource, asked.sortBy, asked.sortOrder);
  if (!sort.ok) return sort;
  const condition = readCondition(resource, asked.filter);
  if (!condition.ok) return condition;
  const startIndex = Math.min(Math.max(1, asked.startIndex ?? 1), farthest);
  const count = Math.min(Math.max(0, asked.count ?? usualCount), scimMostResults);
  return succeed({
    condition: condition.value,
    page: { sort: sort.value, from: startIndex - 1, count },
    startIndex,
    selection: selection.value,
  });
};

const readCondition = (resource: ResourceKind, text = ''): Result<Condition, 'SCIM_FILTER_INVALID'> => {
  if (text.trim() === '') return succeed(all);
  const filter = parseFilter(text);
  return filter.ok ? compileFilter(resource, filter.value) : fail('SCIM_FILTER_INVALID');
};

export const toList = <Resource>(resources: readonly Resource[], totalResults: number, startIndex: number) => ({
  schemas: [scimUrns.list],
  totalResults,
  startIndex,
  itemsPerPage: resources.length,
  Resources: [...resources],
});
