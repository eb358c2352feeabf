import { text } from '#contract/api/people.ts';
import type { ScimOperation } from '#contract/api/scim.ts';
import { fail, type Result, succeed } from '#contract/errors.ts';
import type { Filter } from './filter.ts';
import { countTerms, createFits } from './fits.ts';
import { planOperations, type Step } from './operations.ts';
import { findAttribute } from './schema.ts';

export interface GroupFacts {
  readonly displayName: string;
  readonly externalId: string | null;
  /** Identifiers of people, lower-case. */
  readonly members: ReadonlySet<string>;
}

/** Far more than a hospital has people. */
export const mostMembers = 50_000;
/** What filters may take in one request, in which no terminal is answered: some hundredths of a second. */
const mostComparisons = 100_000;

type Problem =
  | 'REQUEST_INVALID'
  | 'SCIM_PATH_INVALID'
  | 'SCIM_TARGET_MISSING'
  | 'SCIM_READ_ONLY'
  | 'SCIM_VALUE_INVALID'
  | 'SCIM_FILTER_INVALID'
  | 'SCIM_TOO_MANY';

const invalid = (path: string): Result<never, 'SCIM_VALUE_INVALID'> =>
  fail('SCIM_VALUE_INVALID', { problems: [{ path, rule: 'invalid_value' }] });

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Members as they are sent: objects with `value`, one or many; a group within a group is not supported. */
const readMembers = (value: unknown): Result<string[], 'SCIM_VALUE_INVALID'> => {
  const members: string[] = [];
  for (const one of Array.isArray(value) ? value : [value]) {
    const given = new Map(
      Object.entries(typeof one === 'object' && one !== null ? one : {}).map(([name, inner]) => [
        name.toLowerCase(),
        inner,
      ]),
    );
    const id = given.get('value');
    const type = given.get('type') ?? 'User';
    if (typeof id !== 'string' || !uuid.test(id.toLowerCase())) return invalid('members.value');
    if (typeof type !== 'string' || type.toLowerCase() !== 'user') return invalid('members.type');
    members.push(id.toLowerCase());
  }
  return succeed(members);
};

const readText = (path: 'displayName' | 'externalId', value: unknown): Result<string | null, 'SCIM_VALUE_INVALID'> => {
  if (value === undefined || value === null || value === '') return succeed(null);
  const parsed = text(path === 'displayName' ? 120 : 200).safeParse(value);
  return parsed.success ? succeed(parsed.data) : invalid(path);
};

export const readGroup = (
  body: Record<string, unknown>,
): Result<GroupFacts, 'SCIM_VALUE_INVALID' | 'SCIM_TOO_MANY'> => {
  const given = new Map<string, unknown>();
  for (const [name, value] of Object.entries(body)) {
    const found = findAttribute('Group', name);
    if (found.kind === 'known') given.set(found.path, value);
  }
  const displayName = readText('displayName', given.get('displayName'));
  if (!displayName.ok) return displayName;
  if (displayName.value === null) return invalid('displayName');
  const externalId = readText('externalId', given.get('externalId'));
  if (!externalId.ok) return externalId;
  const members = readMembers(given.get('members') ?? []);
  if (!members.ok) return members;
  return limit({
    displayName: displayName.value,
    externalId: externalId.value,
    members: new Set(members.value),
  });
};

const limit = (facts: GroupFacts): Result<GroupFacts, 'SCIM_TOO_MANY'> =>
  facts.members.size > mostMembers ? fail('SCIM_TOO_MANY') : succeed(facts);

/** All operations in their order, or none. */
export const patchGroup = (before: GroupFacts, operations: readonly ScimOperation[]): Result<GroupFacts, Problem> => {
  const planned = planOperations('Group', operations);
  if (!planned.ok) return planned;
  const members = new Set(before.members);
  const left = { comparisons: mostComparisons };
  let { displayName, externalId } = before;
  for (const step of planned.value) {
    if (step.path === 'members') {
      const changed = changeMembers(members, step, left);
      if (!changed.ok) return changed;
      continue;
    }
    const path = step.path === 'displayName' ? 'displayName' : 'externalId';
    const read = readText(path, step.act === 'remove' ? null : step.value);
    if (!read.ok) return read;
    if (path === 'externalId') externalId = read.value;
    else if (read.value === null) return fail('SCIM_READ_ONLY');
    else displayName = read.value;
  }
  return limit({ displayName, externalId, members });
};

/** What is left of `mostComparisons`. */
interface Left {
  comparisons: number;
}

/** The one member that a filter names, as directories write it. */
const tryReadOne = (filter: Filter): string | undefined =>
  filter.kind === 'compare' &&
  filter.operator === 'eq' &&
  filter.path.toLowerCase() === 'value' &&
  typeof filter.value === 'string'
    ? filter.value.toLowerCase()
    : undefined;

const removeFitting = (
  members: Set<string>,
  filter: Filter,
  left: Left,
): Result<null, 'SCIM_FILTER_INVALID' | 'SCIM_TOO_MANY'> => {
  const one = tryReadOne(filter);
  if (one !== undefined) {
    members.delete(one);
    return succeed(null);
  }
  left.comparisons -= members.size * countTerms(filter);
  if (left.comparisons < 0) return fail('SCIM_TOO_MANY');
  const fits = createFits(filter);
  if (!fits.ok) return fits;
  const held = new Map([['type', 'user']]);
  for (const member of members) if (fits.value(held.set('value', member))) members.delete(member);
  return succeed(null);
};

const changeMembers = (members: Set<string>, { act, filter, value }: Step, left: Left): Result<null, Problem> => {
  if (filter !== null) {
    // Nothing of a member can be changed: with a filter it can only be taken out.
    return act === 'remove' ? removeFitting(members, filter, left) : fail('SCIM_READ_ONLY');
  }
  if (act === 'remove' && (value === undefined || value === null)) {
    members.clear();
    return succeed(null);
  }
  const read = readMembers(value ?? []);
  if (!read.ok) return read;
  if (act === 'replace') members.clear();
  for (const member of read.value) {
    if (act === 'remove') members.delete(member);
    else members.add(member);
  }
  return succeed(null);
};
