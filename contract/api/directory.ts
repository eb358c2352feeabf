import { z } from 'zod';
import { directoryClientId, directoryGroupId, instant } from '../ids.ts';
import { text } from './people.ts';
import { roles, table } from './row.ts';

/** A system that keeps people by SCIM, such as the directory of the personnel department. */
export const directoryClient = z.strictObject({
  id: directoryClientId,
  name: z.string(),
  state: z.enum(['active', 'expired', 'revoked']),
  createdAt: instant,
  createdBy: z.string(),
  expiresAt: instant,
  lastUsedAt: instant.nullable(),
  revokedAt: instant.nullable(),
});
export type DirectoryClient = z.infer<typeof directoryClient>;

export const directoryGroup = z.strictObject({
  id: directoryGroupId,
  name: z.string(),
  members: z.int(),
  /** What its members get; `null`: the group means nothing here. */
  role: z.enum(roles).nullable(),
  changedAt: instant,
});
export type DirectoryGroup = z.infer<typeof directoryGroup>;

const readers = ['admin', 'auditor'] as const;

export const directory = table({
  'directory-clients/list': {
    method: 'GET',
    path: '/v1/directory-clients',
    sender: readers,
    event: null,
    failures: [],
    summary: 'Directories by name, those whose token was revoked too.',
    answer: z.strictObject({ clients: z.array(directoryClient) }),
  },
  'directory-clients/add': {
    method: 'POST',
    path: '/v1/directory-clients',
    sender: ['admin'],
    event: 'directory.client-added',
    failures: ['DIRECTORY_NAME_TAKEN', 'APPROVAL_NEEDED'],
    summary: 'Makes the bearer token of a directory; shown once.',
    body: z.strictObject({ name: text(60), days: z.int().min(1).max(730).default(365) }),
    answer: z.strictObject({
      client: directoryClientId,
      /** Goes into `Authorization: Bearer …`. */
      token: z.string(),
      /** Where the directory sends its requests. */
      address: z.string(),
      expiresAt: instant,
    }),
  },
  'directory-clients/revoke': {
    method: 'POST',
    path: '/v1/directory-clients/:client/revoke',
    sender: ['admin'],
    event: 'directory.client-revoked',
    failures: ['DIRECTORY_CLIENT_UNKNOWN'],
    summary: 'The token is worth nothing from now on. People stay as they are.',
    params: z.strictObject({ client: directoryClientId }),
    body: z.strictObject({ reason: text(80) }),
    answer: z.strictObject({}),
  },
  'directory-groups/list': {
    method: 'GET',
    path: '/v1/directory-groups',
    sender: readers,
    event: null,
    failures: [],
    summary: 'Groups that directories made, by name, and the roles that they may be given here.',
    answer: z.strictObject({
      groups: z.array(directoryGroup),
      /** By policy (`directory.roles`). */
      allowed: z.array(z.enum(roles)),
    }),
  },
  'directory-groups/set-role': {
    method: 'POST',
    path: '/v1/directory-groups/:group/role',
    sender: ['admin'],
    event: 'directory.group-changed',
    failures: [
      'DIRECTORY_GROUP_UNKNOWN',
      'DIRECTORY_ROLE_REFUSED',
      'PERSON_SELF',
      'PERSON_LAST_ADMIN',
      'APPROVAL_NEEDED',
    ],
    summary: 'From now on the members of the group have this role, and lose it when they leave the group.',
    params: z.strictObject({ group: directoryGroupId }),
    body: z.strictObject({ role: z.enum(roles).nullable() }),
    answer: z.strictObject({ gained: z.int(), lost: z.int() }),
  },
});
