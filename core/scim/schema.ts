import { scimUrns } from '#contract/api/scim.ts';

/** An attribute as RFC 7643 section 7 describes one. */
export interface Attribute {
  readonly name: string;
  readonly type: 'string' | 'boolean' | 'dateTime' | 'reference' | 'complex';
  readonly description: string;
  readonly multiValued?: boolean;
  readonly required?: boolean;
  readonly caseExact?: boolean;
  readonly mutability?: 'readOnly' | 'readWrite' | 'immutable';
  readonly returned?: 'always' | 'default';
  readonly uniqueness?: 'none' | 'server';
  /** What a reference may lead to; an address of any kind where it is left out. */
  readonly referenceTypes?: readonly ('User' | 'Group')[];
  readonly subAttributes?: readonly Attribute[];
}

export type ResourceKind = 'User' | 'Group';

const readOnly = { mutability: 'readOnly' } as const;

/** Of every resource; not part of a schema (RFC 7643 3.1). */
const common: readonly Attribute[] = [
  { name: 'schemas', type: 'reference', multiValued: true, caseExact: true, description: 'URIs.', ...readOnly },
  { name: 'id', type: 'string', caseExact: true, description: 'Identifier.', ...readOnly },
  { name: 'externalId', type: 'string', caseExact: true, description: 'The directory’s own identifier.' },
  {
    name: 'meta',
    type: 'complex',
    description: 'About the resource.',
    ...readOnly,
    subAttributes: [
      { name: 'resourceType', type: 'string', caseExact: true, description: 'User or Group.', ...readOnly },
      { name: 'created', type: 'dateTime', description: 'When it was made.', ...readOnly },
      { name: 'lastModified', type: 'dateTime', description: 'When it was changed last.', ...readOnly },
      { name: 'location', type: 'reference', caseExact: true, description: 'Its address.', ...readOnly },
      { name: 'version', type: 'string', caseExact: true, description: 'Its entity tag.', ...readOnly },
    ],
  },
];

const userAttributes: readonly Attribute[] = [
  { name: 'userName', type: 'string', required: true, uniqueness: 'server', description: 'Staff number.' },
  { name: 'displayName', type: 'string', description: 'Name as it is shown; the same as name.formatted.' },
  {
    name: 'name',
    type: 'complex',
    description: 'Name.',
    subAttributes: [
      { name: 'formatted', type: 'string', description: 'Name as it is shown; the same as displayName.' },
      { name: 'familyName', type: 'string', description: 'Family name.' },
      { name: 'givenName', type: 'string', description: 'Given name.' },
    ],
  },
  { name: 'active', type: 'boolean', description: 'False: the person may log in nowhere, from this moment.' },
  {
    name: 'groups',
    type: 'complex',
    multiValued: true,
    description: 'Groups that the person is a member of.',
    ...readOnly,
    subAttributes: [
      { name: 'value', type: 'string', caseExact: true, description: 'Identifier of the group.', ...readOnly },
      {
        name: '$ref',
        type: 'reference',
        caseExact: true,
        description: 'Address of the group.',
        referenceTypes: ['Group'],
        ...readOnly,
      },
      { name: 'display', type: 'string', description: 'Name of the group.', ...readOnly },
      { name: 'type', type: 'string', description: 'Always direct.', ...readOnly },
    ],
  },
];

const staffAttributes: readonly Attribute[] = [
  { name: 'kana', type: 'string', description: 'Name in katakana, for searching and sorting.' },
];

const immutable = { mutability: 'immutable' } as const;
const groupAttributes: readonly Attribute[] = [
  { name: 'displayName', type: 'string', required: true, uniqueness: 'server', description: 'Name of the group.' },
  {
    name: 'members',
    type: 'complex',
    multiValued: true,
    description: 'People in the group.',
    subAttributes: [
      { name: 'value', type: 'string', caseExact: true, description: 'Identifier of the user.', ...immutable },
      {
        name: '$ref',
        type: 'reference',
        caseExact: true,
        description: 'Address of the user.',
        referenceTypes: ['User'],
        ...immutable,
      },
      { name: 'type', type: 'string', description: 'Always User.', ...immutable },
      { name: 'display', type: 'string', description: 'Name of the user.', ...readOnly },
    ],
  },
];

export interface Schema {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly attributes: readonly Attribute[];
}

export const schemas: readonly Schema[] = [
  { id: scimUrns.user, name: 'User', description: 'A person of the staff.', attributes: userAttributes },
  { id: scimUrns.staff, name: 'Staff', description: 'What Kazasu keeps besides.', attributes: staffAttributes },
  { id: scimUrns.group, name: 'Group', description: 'A group of people.', attributes: groupAttributes },
];

/**
 * Attributes of RFC 7643 that a directory may send and that are not kept: a login needs none of them. They are left
 * aside without an error, or a directory that sends them could not be connected at all.
 */
const leftAside: ReadonlySet<string> = new Set(
  [
    'name.middleName name.honorificPrefix name.honorificSuffix nickName profileUrl title userType preferredLanguage',
    'locale timezone password emails phoneNumbers ims photos addresses entitlements roles x509Certificates',
  ].flatMap((names) => names.toLowerCase().split(' ')),
);

/** An attribute that a path names, by its canonical path: `name.familyName`, `members.value`, or that of our extension. */
export interface Known {
  readonly kind: 'known';
  readonly path: string;
  readonly attribute: Attribute;
}
export type Found = Known | { readonly kind: 'left-aside' } | { readonly kind: 'unknown' };

const unknown: Found = { kind: 'unknown' };

/** Prefix of the canonical paths of our extension. */
const staff = `${scimUrns.staff}:`;
const staffObject: Attribute = {
  name: scimUrns.staff,
  type: 'complex',
  description: 'Our extension.',
  subAttributes: staffAttributes,
};

const isUnder = (path: string, urn: string): boolean => {
  const [given, prefix] = [path.toLowerCase(), urn.toLowerCase()];
  return given === prefix || given.startsWith(`${prefix}:`) || given.startsWith(`${prefix}.`);
};

/** Names of attributes and schemas are compared without regard to case (RFC 7643 2.1). */
export const findAttribute = (resource: ResourceKind, path: string): Found => {
  if (resource === 'User' && isUnder(path, scimUrns.enterprise)) return { kind: 'left-aside' };
  if (resource === 'User' && isUnder(path, scimUrns.staff)) {
    const rest = path.slice(staff.length);
    if (rest === '') return { kind: 'known', path: scimUrns.staff, attribute: staffObject };
    return findIn(staffAttributes, rest, staff);
  }
  const own = resource === 'User' ? scimUrns.user : scimUrns.group;
  const bare = isUnder(path, own) ? path.slice(own.length + 1) : path;
  const found = findIn([...common, ...(resource === 'User' ? userAttributes : groupAttributes)], bare, '');
  if (found.kind === 'unknown' && resource === 'User' && isLeftAside(bare)) return { kind: 'left-aside' };
  return found;
};

const isLeftAside = (path: string): boolean => {
  const [first = '', second = ''] = path.toLowerCase().split('.');
  return leftAside.has(first) || leftAside.has(`${first}.${second}`);
};

const findIn = (attributes: readonly Attribute[], path: string, prefix: string): Found => {
  const [first = '', second, ...more] = path.split('.');
  const found = findNamed(attributes, first);
  if (found === undefined || more.length > 0) return unknown;
  if (second === undefined) return { kind: 'known', path: `${prefix}${found.name}`, attribute: found };
  const inner = findNamed(found.subAttributes ?? [], second);
  return inner === undefined
    ? unknown
    : { kind: 'known', path: `${prefix}${found.name}.${inner.name}`, attribute: inner };
};

const findNamed = (attributes: readonly Attribute[], name: string): Attribute | undefined =>
  attributes.find((one) => one.name.toLowerCase() === name.toLowerCase());

/** With every member that RFC 7643 section 7 asks for. */
export const describeAttribute = (one: Attribute): Record<string, unknown> => ({
  name: one.name,
  type: one.type,
  multiValued: one.multiValued ?? false,
  description: one.description,
  required: one.required ?? false,
  ...(one.type === 'complex' || one.type === 'boolean' ? {} : { caseExact: one.caseExact ?? false }),
  mutability: one.mutability ?? 'readWrite',
  returned: one.returned ?? 'default',
  uniqueness: one.uniqueness ?? 'none',
  ...(one.type === 'reference' ? { referenceTypes: one.referenceTypes ?? ['uri'] } : {}),
  ...(one.subAttributes === undefined ? {} : { subAttributes: one.subAttributes.map(describeAttribute) }),
});
