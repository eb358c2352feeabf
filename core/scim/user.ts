import { text } from '#contract/api/people.ts';
import { type ScimOperation, scimUrns } from '#contract/api/scim.ts';
import { fail, type Result, succeed } from '#contract/errors.ts';
import { cleanKana, normaliseNumber } from '../policy/text.ts';
import { planOperations } from './operations.ts';
import { findAttribute } from './schema.ts';

/** A person as a directory keeps one. */
export interface UserFacts {
  /** Staff number. */
  readonly userName: string;
  readonly externalId: string | null;
  readonly name: string;
  readonly familyName: string | null;
  readonly givenName: string | null;
  readonly active: boolean;
  readonly kana: string;
}

/** Values by canonical path, as they were sent; `null` and what is missing are unassigned (RFC 7643 2.5). */
type Given = Map<string, unknown>;

const kanaPath = `${scimUrns.staff}:kana` as const;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What of a body is known, with complex attributes taken apart. What the server sets, and what nobody keeps, is left aside. */
const takeApart = (body: Record<string, unknown>): Given => {
  const given: Given = new Map();
  const take = (value: Record<string, unknown>, prefix: string): void => {
    for (const [name, inner] of Object.entries(value)) {
      const found = findAttribute('User', `${prefix}${name}`);
      if (found.kind !== 'known' || found.attribute.mutability === 'readOnly') continue;
      if (found.attribute.type !== 'complex') given.set(found.path, inner);
      else if (isObject(inner)) take(inner, found.path === scimUrns.staff ? `${found.path}:` : `${found.path}.`);
      else if (inner !== null) given.set(found.path, inner);
    }
  };
  take(body, '');
  return given;
};

const invalid = (path: string): Result<never, 'SCIM_VALUE_INVALID'> =>
  fail('SCIM_VALUE_INVALID', { problems: [{ path, rule: 'invalid_value' }] });

const texts = {
  userName: text(40),
  externalId: text(200),
  displayName: text(80),
  'name.formatted': text(80),
  'name.familyName': text(80),
  'name.givenName': text(80),
  [kanaPath]: text(80),
} as const;

type Texts = Partial<Record<keyof typeof texts, string>>;

/** Texts that are there, each clean and short enough; an empty one counts as unassigned. */
const readTexts = (given: Given): Result<Texts, 'SCIM_VALUE_INVALID'> => {
  const read: Texts = {};
  for (const [path, schema] of Object.entries(texts) as [keyof typeof texts, (typeof texts)['userName']][]) {
    const value = given.get(path) ?? '';
    if (typeof value === 'string' && value.trim() === '') continue;
    const parsed = schema.safeParse(value);
    if (!parsed.success) return invalid(path);
    read[path] = parsed.data;
  }
  return succeed(read);
};

/** Entra ID also sends `"True"` and `"False"`. */
const readActive = (value: unknown, before: boolean): boolean | undefined => {
  if (value === undefined || value === null) return before;
  if (typeof value === 'boolean') return value;
  const word = typeof value === 'string' ? value.toLowerCase() : '';
  return word === 'true' ? true : word === 'false' ? false : undefined;
};

/** Family name first, as names are written here. */
const compose = ({ 'name.familyName': family, 'name.givenName': first }: Texts): string | undefined => {
  const name = [family, first].filter((part) => part !== undefined).join(' ');
  return name === '' ? undefined : name;
};

/** `before` is what a replaced user was. */
export const readUser = (
  body: Record<string, unknown>,
  before?: UserFacts,
): Result<UserFacts, 'SCIM_VALUE_INVALID'> => {
  const given = takeApart(body);
  if (given.has('name')) return invalid('name');
  const read = readTexts(given);
  if (!read.ok) return read;
  const named = read.value.displayName ?? read.value['name.formatted'] ?? compose(read.value);
  // A directory that does not know our extension does not take the kana away.
  const kana = given.has(scimUrns.staff) || given.has(kanaPath) ? '' : (before?.kana ?? '');
  return build(given, read.value, { name: named, kana, active: before?.active ?? true });
};

const build = (
  given: Given,
  read: Texts,
  usual: { readonly name: string | undefined; readonly kana: string; readonly active: boolean },
): Result<UserFacts, 'SCIM_VALUE_INVALID'> => {
  const active = readActive(given.get('active'), usual.active);
  const userName = read.userName === undefined ? '' : normaliseNumber(read.userName);
  const name = usual.name ?? userName;
  if (active === undefined) return invalid('active');
  if (userName === '' || userName.length > 40) return invalid('userName');
  if (name.length > 80) return invalid('name');
  const kana = cleanKana(read[kanaPath] ?? usual.kana);
  if (kana.length > 80) return invalid(kanaPath);
  return succeed({
    userName,
    externalId: read.externalId ?? null,
    name,
    familyName: read['name.familyName'] ?? null,
    givenName: read['name.givenName'] ?? null,
    active,
    kana,
  });
};

const toGiven = (facts: UserFacts): Given =>
  new Map<string, unknown>([
    ['userName', facts.userName],
    ['externalId', facts.externalId],
    ['displayName', facts.name],
    ['name.formatted', facts.name],
    ['name.familyName', facts.familyName],
    ['name.givenName', facts.givenName],
    ['active', facts.active],
    [kanaPath, facts.kana],
  ]);

type PatchProblem =
  | 'REQUEST_INVALID'
  | 'SCIM_PATH_INVALID'
  | 'SCIM_TARGET_MISSING'
  | 'SCIM_READ_ONLY'
  | 'SCIM_VALUE_INVALID'
  | 'SCIM_FILTER_INVALID';

/** All operations in their order, or none. */
export const patchUser = (before: UserFacts, operations: readonly ScimOperation[]): Result<UserFacts, PatchProblem> => {
  const planned = planOperations('User', operations);
  if (!planned.ok) return planned;
  const given = toGiven(before);
  for (const { act, path, value } of planned.value) {
    const taken = act === 'remove' || value === null;
    if (taken && (path === 'userName' || path === 'active')) return fail('SCIM_READ_ONLY');
    given.set(path, taken ? null : value);
  }
  const read = readTexts(given);
  if (!read.ok) return read;
  return build(given, read.value, { name: nameAfter(before, read.value), kana: '', active: before.active });
};

/** The name follows whichever of its forms was changed; the whole one counts more than its parts. */
const nameAfter = (before: UserFacts, after: Texts): string => {
  const { displayName, 'name.formatted': formatted } = after;
  if (displayName !== undefined && displayName !== before.name) return displayName;
  if (formatted !== undefined && formatted !== before.name) return formatted;
  const family = after['name.familyName'] ?? null;
  const first = after['name.givenName'] ?? null;
  if (family === before.familyName && first === before.givenName) return before.name;
  return compose(after) ?? before.name;
};
