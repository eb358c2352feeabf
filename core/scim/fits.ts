import { fail, type Result, succeed } from '#contract/errors.ts';
import type { Filter, Operator } from './filter.ts';

/** Names and texts of one value of a multi-valued attribute, in lower case. */
export type HeldValue = ReadonlyMap<string, string>;
type Fits = (held: HeldValue) => boolean;

/** Makes the rule by which values fit the filter in brackets. Texts are compared without case. */
export const createFits = (filter: Filter): Result<Fits, 'SCIM_FILTER_INVALID'> => {
  switch (filter.kind) {
    case 'and':
    case 'or': {
      const parts: Fits[] = [];
      for (const part of filter.parts) {
        const made = createFits(part);
        if (!made.ok) return made;
        parts.push(made.value);
      }
      const all: Fits = (held) => parts.every((fits) => fits(held));
      return succeed(filter.kind === 'and' ? all : (held) => parts.some((fits) => fits(held)));
    }
    case 'not': {
      const made = createFits(filter.part);
      return made.ok ? succeed((held) => !made.value(held)) : made;
    }
    case 'within':
      return fail('SCIM_FILTER_INVALID');
    case 'present': {
      const path = filter.path.toLowerCase();
      return succeed((held) => held.has(path));
    }
    case 'compare':
      return succeed(createComparison(filter));
  }
};

const createComparison = ({ path, operator, value }: Extract<Filter, { kind: 'compare' }>): Fits => {
  const name = path.toLowerCase();
  if (value === null) return (held) => held.has(name) !== (operator === 'eq');
  if (typeof value !== 'string') return () => operator === 'ne';
  const sought = value.toLowerCase();
  return (held) => {
    const text = held.get(name);
    return text === undefined ? operator === 'ne' : compare(text, operator, sought);
  };
};

/** Comparisons that it may take to see whether one value fits. */
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
