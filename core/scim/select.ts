import { fail, type Result, succeed } from '#contract/errors.ts';
import { findAttribute, type ResourceKind } from './schema.ts';

/** Which attributes an answer shows, by their canonical paths. */
export interface Selection {
  /** `null`: all. */
  readonly wanted: ReadonlySet<string> | null;
  readonly excluded: ReadonlySet<string>;
}

export const everything: Selection = { wanted: null, excluded: new Set() };

/** `attributes` and `excludedAttributes` of RFC 7644 3.9, as one text or as a list. */
export const readSelection = (
  resource: ResourceKind,
  asked: {
    readonly attributes?: string | readonly string[] | undefined;
    readonly excludedAttributes?: string | readonly string[] | undefined;
  },
): Result<Selection, 'SCIM_PATH_INVALID'> => {
  const wanted = readNames(resource, asked.attributes);
  const excluded = readNames(resource, asked.excludedAttributes);
  if (wanted === 'wrong' || excluded === 'wrong') return fail('SCIM_PATH_INVALID');
  return succeed({ wanted: wanted.size === 0 ? null : wanted, excluded });
};

const readNames = (resource: ResourceKind, given: string | readonly string[] = []): ReadonlySet<string> | 'wrong' => {
  const names = (typeof given === 'string' ? given.split(',') : given).map((name) => name.trim());
  const paths = new Set<string>();
  for (const name of names) {
    if (name === '') continue;
    const found = findAttribute(resource, name);
    if (found.kind === 'unknown') return 'wrong';
    // Nothing is ever shown of what is left aside; wanting it alone still means not wanting the rest.
    paths.add(found.kind === 'known' ? found.path : 'left-aside');
  }
  return paths;
};

/** Whether anything of the attribute will be shown, so that what nobody wants need not be looked up. */
export const isSelected = ({ wanted, excluded }: Selection, path: string): boolean => {
  if (excluded.has(path)) return false;
  return wanted === null || wanted.has(path) || [...wanted].some((one) => isPartOf(one, path));
};

const isPartOf = (path: string, whole: string): boolean => path.startsWith(`${whole}.`) || path.startsWith(`${whole}:`);
const join = (above: string, name: string): string =>
  above === '' ? name : `${above}${above.startsWith('urn:') ? ':' : '.'}${name}`;

/** `schemas` and `id` are shown always. What is empty is unassigned and left out. */
export const select = (resource: Readonly<Record<string, unknown>>, selection: Selection): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(resource).flatMap(([name, value]) => {
      if (name === 'schemas' || name === 'id') return [[name, value]];
      const shown = selectValue(name, value, selection, selection.wanted?.has(name) ?? true);
      return isEmpty(shown) ? [] : [[name, shown]];
    }),
  );

/** `whole`: something above it was asked for by name, so all of it is. */
const selectValue = (path: string, value: unknown, selection: Selection, whole: boolean): unknown => {
  if (selection.excluded.has(path) || (!whole && !isSelected(selection, path))) return undefined;
  if (Array.isArray(value)) return value.map((one) => selectValue(path, one, selection, whole));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([name, inner]) => {
    const below = join(path, name);
    const shown = selectValue(below, inner, selection, whole || (selection.wanted?.has(below) ?? true));
    return isEmpty(shown) ? [] : [[name, shown] as const];
  });
  return Object.fromEntries(entries);
};

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);
