import { z } from 'zod';
import { instant } from '../ids.ts';
import { table } from './row.ts';

/** RFC 7643 and 7644. Bodies are open: what a directory sends beyond what is kept here is left aside. */
export const scimUrns = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  enterprise: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  /** Our own extension of a user. */
  staff: 'urn:kazasu:params:scim:schemas:extension:staff:2.0:User',
  group: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  list: 'urn:ietf:params:scim:api:messages:2.0:ListResponse',
  search: 'urn:ietf:params:scim:api:messages:2.0:SearchRequest',
  patch: 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
  error: 'urn:ietf:params:scim:api:messages:2.0:Error',
  config: 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig',
  resourceType: 'urn:ietf:params:scim:schemas:core:2.0:ResourceType',
  schema: 'urn:ietf:params:scim:schemas:core:2.0:Schema',
} as const;

/** Most resources of one page; also what `ServiceProviderConfig` says. */
export const scimMostResults = 200;

const schemas = z.array(z.string().max(200)).min(1).max(20);
/** What is sent says what it is, whatever else it says that it is (RFC 7643 3): what is something else is not carried out. */
const schemasWith = (urn: string) =>
  z
    .array(z.union([z.literal(urn), z.string().max(200)]))
    .min(1)
    .max(20)
    .refine((given) => given.some((one) => one.toLowerCase() === urn.toLowerCase()), urn);
const meta = z.strictObject({
  resourceType: z.string(),
  created: instant.optional(),
  lastModified: instant.optional(),
  location: z.string(),
  version: z.string().optional(),
});

/** Which attributes were asked for decides what is there; `schemas` and `id` always are. */
const user = z.strictObject({
  schemas,
  id: z.uuid(),
  externalId: z.string().optional(),
  meta: meta.partial().optional(),
  /** Staff number. */
  userName: z.string().optional(),
  displayName: z.string().optional(),
  name: z
    .strictObject({
      formatted: z.string().optional(),
      familyName: z.string().optional(),
      givenName: z.string().optional(),
    })
    .optional(),
  active: z.boolean().optional(),
  groups: z
    .array(
      z.strictObject({ value: z.uuid(), $ref: z.string(), display: z.string(), type: z.literal('direct') }).partial(),
    )
    .optional(),
  [scimUrns.staff]: z.strictObject({ kana: z.string().optional() }).optional(),
});
export type ScimUser = z.infer<typeof user>;

const group = z.strictObject({
  schemas,
  id: z.uuid(),
  externalId: z.string().optional(),
  meta: meta.partial().optional(),
  displayName: z.string().optional(),
  members: z
    .array(
      z.strictObject({ value: z.uuid(), $ref: z.string(), type: z.literal('User'), display: z.string() }).partial(),
    )
    .optional(),
});
export type ScimGroup = z.infer<typeof group>;

const listOf = <Resource extends z.ZodType>(resource: Resource) =>
  z.strictObject({
    schemas,
    totalResults: z.int(),
    startIndex: z.int(),
    itemsPerPage: z.int(),
    Resources: z.array(resource),
  });

const shown = {
  /** Names of attributes, separated by commas. */
  attributes: z.string().max(1000).optional(),
  excludedAttributes: z.string().max(1000).optional(),
};
/** Microsoft Entra ID puts this flag behind the address, and with it behind every request. */
const habits = { aadOptscim062020: z.string().max(20).optional() };
const filter = z.string().max(2000).optional();
const sort = { sortBy: z.string().max(200).optional(), sortOrder: z.string().max(20).optional() };

const one = z.strictObject({ ...shown, ...habits });
/** What the server says of itself is neither sorted nor paged, and a filter is refused (RFC 7644 4). */
const about = z.strictObject({
  ...shown,
  ...habits,
  ...sort,
  filter,
  startIndex: z.string().max(20).optional(),
  count: z.string().max(20).optional(),
});
const many = z.strictObject({
  ...shown,
  ...habits,
  ...sort,
  filter,
  startIndex: z.coerce.number().int().optional(),
  count: z.coerce.number().int().optional(),
});
export type ScimQuery = z.infer<typeof many>;

/** The same as `many`, in the body of a POST (RFC 7644 3.4.3). */
const names = z.union([z.string().max(1000), z.array(z.string().max(200)).max(100)]).optional();
const search = z.looseObject({
  schemas: schemasWith(scimUrns.search),
  ...sort,
  filter,
  startIndex: z.int().optional(),
  count: z.int().optional(),
  attributes: names,
  excludedAttributes: names,
});

const operation = z.looseObject({
  op: z.string().max(20),
  path: z.string().max(2000).optional(),
  value: z.unknown().optional(),
});
export type ScimOperation = z.infer<typeof operation>;
/** RFC 7644 3.5.2. */
const patch = z.looseObject({
  schemas: schemasWith(scimUrns.patch),
  Operations: z.array(operation).min(1).max(1000),
});
const userSent = z.looseObject({ schemas: schemasWith(scimUrns.user) });
const groupSent = z.looseObject({ schemas: schemasWith(scimUrns.group) });
const versions = z.object({ 'if-match': z.string().max(500).optional() });

const userParams = z.strictObject({ user: z.string().max(100) });
const groupParams = z.strictObject({ group: z.string().max(100) });
const readFailures = ['SCIM_FILTER_INVALID', 'SCIM_PATH_INVALID', 'SCIM_VALUE_INVALID', 'SCIM_TOO_MANY'] as const;
const writeFailures = [
  'SCIM_TAKEN',
  'SCIM_VALUE_INVALID',
  'SCIM_PATH_INVALID',
  'DIRECTORY_ROLE_REFUSED',
  'PERSON_LAST_ADMIN',
] as const;
const changeFailures = [...writeFailures, 'SCIM_RESOURCE_UNKNOWN', 'SCIM_VERSION_OTHER'] as const;
const changeUserFailures = [...changeFailures, 'DIRECTORY_RETURN_REFUSED'] as const;
const patchFailures = [
  ...changeFailures,
  'SCIM_TARGET_MISSING',
  'SCIM_READ_ONLY',
  'SCIM_FILTER_INVALID',
  'SCIM_TOO_MANY',
] as const;

export const scim = table({
  'scim/config': {
    method: 'GET',
    path: '/scim/v2/ServiceProviderConfig',
    sender: 'directory',
    event: null,
    failures: ['SCIM_FILTER_REFUSED'],
    summary: 'What of SCIM 2.0 is supported.',
    query: about,
    answer: z.looseObject({ schemas }),
  },
  'scim/resource-types': {
    method: 'GET',
    path: '/scim/v2/ResourceTypes',
    sender: 'directory',
    event: null,
    failures: ['SCIM_FILTER_REFUSED'],
    summary: 'User and Group.',
    query: about,
    answer: listOf(z.looseObject({ schemas })),
  },
  'scim/resource-type': {
    method: 'GET',
    path: '/scim/v2/ResourceTypes/:name',
    sender: 'directory',
    event: null,
    failures: ['SCIM_RESOURCE_UNKNOWN', 'SCIM_FILTER_REFUSED'],
    summary: 'One of them.',
    params: z.strictObject({ name: z.string().max(100) }),
    query: about,
    answer: z.looseObject({ schemas }),
  },
  'scim/schemas': {
    method: 'GET',
    path: '/scim/v2/Schemas',
    sender: 'directory',
    event: null,
    failures: ['SCIM_FILTER_REFUSED'],
    summary: 'The attributes that are kept.',
    query: about,
    answer: listOf(z.looseObject({ schemas })),
  },
  'scim/schema': {
    method: 'GET',
    path: '/scim/v2/Schemas/:name',
    sender: 'directory',
    event: null,
    failures: ['SCIM_RESOURCE_UNKNOWN', 'SCIM_FILTER_REFUSED'],
    summary: 'Those of one schema.',
    params: z.strictObject({ name: z.string().max(100) }),
    query: about,
    answer: z.looseObject({ schemas }),
  },
  'scim/show-me': {
    method: 'GET',
    path: '/scim/v2/Me',
    sender: 'directory',
    event: null,
    failures: ['SCIM_ME_UNSUPPORTED'],
    summary: 'Always 501: who has the token is no user (RFC 7644 3.11).',
    query: one,
    answer: user,
  },
  'scim/find-users': {
    method: 'GET',
    path: '/scim/v2/Users',
    sender: 'directory',
    event: null,
    failures: readFailures,
    summary: 'People as users: filter, sorting, paging.',
    query: many,
    answer: listOf(user),
  },
  'scim/search-users': {
    method: 'POST',
    path: '/scim/v2/Users/.search',
    sender: 'directory',
    event: null,
    failures: readFailures,
    summary: 'The same with the query in the body.',
    body: search,
    answer: listOf(user),
  },
  'scim/add-user': {
    method: 'POST',
    path: '/scim/v2/Users',
    sender: 'directory',
    event: 'person.added',
    failures: writeFailures,
    summary: 'Adds a person, as a clinician. `userName` is the staff number.',
    query: one,
    body: userSent,
    answer: user,
    status: 201,
  },
  'scim/show-user': {
    method: 'GET',
    path: '/scim/v2/Users/:user',
    sender: 'directory',
    event: null,
    failures: ['SCIM_RESOURCE_UNKNOWN', 'SCIM_PATH_INVALID'],
    summary: 'One person; 304 for `If-None-Match` with the same version.',
    params: userParams,
    query: one,
    answer: user,
  },
  'scim/replace-user': {
    method: 'PUT',
    path: '/scim/v2/Users/:user',
    sender: 'directory',
    event: 'person.changed',
    failures: changeUserFailures,
    summary:
      'Takes the user as it is sent. Without `active` the state stays; who was suspended here is not brought back.',
    params: userParams,
    query: one,
    body: userSent,
    headers: versions,
    answer: user,
  },
  'scim/patch-user': {
    method: 'PATCH',
    path: '/scim/v2/Users/:user',
    sender: 'directory',
    event: 'person.changed',
    failures: [...patchFailures, 'DIRECTORY_RETURN_REFUSED'],
    summary: 'Changes parts. `active: false` ends sessions and the use of cards at once, by a numbered revocation.',
    params: userParams,
    query: one,
    body: patch,
    headers: versions,
    answer: user,
  },
  'scim/remove-user': {
    method: 'DELETE',
    path: '/scim/v2/Users/:user',
    sender: 'directory',
    event: 'person.suspended',
    failures: ['SCIM_RESOURCE_UNKNOWN', 'SCIM_VERSION_OTHER', 'PERSON_LAST_ADMIN'],
    summary: 'The person has left: suspended, cards revoked, secrets deleted, the staff number free again.',
    params: userParams,
    query: z.strictObject(habits),
    headers: versions,
    answer: z.null(),
    status: 204,
  },
  'scim/find-groups': {
    method: 'GET',
    path: '/scim/v2/Groups',
    sender: 'directory',
    event: null,
    failures: readFailures,
    summary: 'Groups that directories made: filter, sorting, paging.',
    query: many,
    answer: listOf(group),
  },
  'scim/search-groups': {
    method: 'POST',
    path: '/scim/v2/Groups/.search',
    sender: 'directory',
    event: null,
    failures: readFailures,
    summary: 'The same with the query in the body.',
    body: search,
    answer: listOf(group),
  },
  'scim/add-group': {
    method: 'POST',
    path: '/scim/v2/Groups',
    sender: 'directory',
    event: 'directory.group-added',
    failures: [...writeFailures, 'SCIM_TOO_MANY'],
    summary: 'A new group. It gives nobody anything until an admin gives it a role.',
    query: one,
    body: groupSent,
    answer: group,
    status: 201,
  },
  'scim/show-group': {
    method: 'GET',
    path: '/scim/v2/Groups/:group',
    sender: 'directory',
    event: null,
    failures: ['SCIM_RESOURCE_UNKNOWN', 'SCIM_PATH_INVALID'],
    summary: 'One group; 304 for `If-None-Match` with the same version.',
    params: groupParams,
    query: one,
    answer: group,
  },
  'scim/replace-group': {
    method: 'PUT',
    path: '/scim/v2/Groups/:group',
    sender: 'directory',
    event: 'directory.group-changed',
    failures: [...changeFailures, 'SCIM_TOO_MANY'],
    summary: 'Takes name and members as they are sent.',
    params: groupParams,
    query: one,
    body: groupSent,
    headers: versions,
    answer: group,
  },
  'scim/patch-group': {
    method: 'PATCH',
    path: '/scim/v2/Groups/:group',
    sender: 'directory',
    event: 'directory.group-changed',
    failures: patchFailures,
    summary: 'Adds and removes members, or renames.',
    params: groupParams,
    query: one,
    body: patch,
    headers: versions,
    answer: group,
  },
  'scim/remove-group': {
    method: 'DELETE',
    path: '/scim/v2/Groups/:group',
    sender: 'directory',
    event: 'directory.group-removed',
    failures: ['SCIM_RESOURCE_UNKNOWN', 'SCIM_VERSION_OTHER', 'PERSON_LAST_ADMIN'],
    summary: 'Takes the group away, and from its members the role that it gave.',
    params: groupParams,
    query: z.strictObject(habits),
    headers: versions,
    answer: z.null(),
    status: 204,
  },
});
