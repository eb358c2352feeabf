import { fail, type Result, succeed } from '#contract/errors.ts';
import type { Filter, Operator } from './filter.ts';

/**
 * Whether a value of a multi-valued attribute fits the filter in its brackets. Texts are compared without case; `held` has
 * names and texts in lower case.
 */
export const evaluate = (
  filter: Filter,
  held: Readonly<Record<string, string>>,
): Result<boolean, 'SCIM_FILTER_INVALID'> => {
  switch (filter.kind) {
    case 'and':
    case 'or': {
      const sought = filter.kind === 'or';
      for (const part of filter.parts) {
        const found = evaluate(part, held);
        if (!found.ok || found.value === sought) return found;
      }
      return succeed(!sought);
    }
    case 'not': {
      const found = evaluate(filter.part, held);
      return found.ok ? succeed(!found.value) : found;
    }
    case 'within':
      return fail('SCIM_FILTER_INVALID');
    case 'present':
      return succeed(Object.hasOwn(held, filter.path.toLowerCase()));
    case 'compare': {
      const path = filter.path.toLowerCase();
      const text = Object.hasOwn(held, path) ? held[path] : undefined;
      if (filter.value === null) return succeed((text === undefined) === (filter.operator === 'eq'));
      if (typeof filter.value !== 'string') return succeed(filter.operator === 'ne');
      return succeed(
        text === undefined ? filter.operator === 'ne' : compare(text, filter.operator, filter.value.toLowerCase()),
      );
    }
  }
};

/** Comparisons that one evaluation may take. */
export const countTerms = (filter: Filter): number => {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.parts.reduce((terms, part) => terms + countTerms(part), 0);
    case 'not':
    case 'within':
      return countTerms(filter.part);
    default:
      return 1;
  }
};

const compare = (text: string, operator: Operator, sought: string): boolean => {
  switch (operator) {
    case 'eq':
      return text === sought;
    case 'ne':
      return text !== sought;
    case 'co':
      return text.includes(sought);
    case 'sw':
      return text.startsWith(sought);
    case 'ew':
      return text.endsWith(sought);
    case 'gt':
      return text > sought;
    case 'ge':
      return text >= sought;
    case 'lt':
      return text < sought;
    case 'le':
      return text <= sought;
  }
};
