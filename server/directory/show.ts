import { createHash } from 'node:crypto';
import { scimUrns } from '#contract/api/scim.ts';
import type { Group } from '../store/directory-groups.ts';
import type { DirectoryPerson } from '../store/directory-people.ts';

/** A weak entity tag over everything that an answer can show (RFC 7644 3.14). */
const tagOf = (shown: unknown): string =>
  `W/"${createHash('sha256').update(JSON.stringify(shown)).digest('base64url').slice(0, 22)}"`;

export interface Shown {
  readonly resource: Record<string, unknown>;
  readonly version: string;
  readonly location: string;
}

const withMeta = (
  resource: Record<string, unknown>,
  { createdAt, changedAt }: { readonly createdAt: Date; readonly changedAt: Date },
  where: { readonly resourceType: string; readonly location: string; readonly version: string },
): Shown => {
  const { resourceType, location, version } = where;
  const meta = {
    resourceType,
    created: createdAt.toISOString(),
    lastModified: changedAt.toISOString(),
    location,
    version,
  };
  return { resource: { ...resource, meta }, version, location };
};

/** A person as a user. `base` is the address of the SCIM server. */
export const showUser = (person: DirectoryPerson, base: string): Shown => {
  const resource = {
    schemas: [scimUrns.user, scimUrns.staff],
    id: person.id,
    externalId: person.externalId ?? undefined,
    userName: person.number,
    displayName: person.name,
    name: {
      formatted: person.name,
      familyName: person.familyName ?? undefined,
      givenName: person.givenName ?? undefined,
    },
    active: person.state === 'active',
    groups: person.groups.map(({ value, display }) => ({
      value,
      $ref: `${base}/Groups/${value}`,
      display,
      type: 'direct',
    })),
    [scimUrns.staff]: { kana: person.kana === '' ? undefined : person.kana },
  };
  const location = `${base}/Users/${person.id}`;
  return withMeta(resource, person, { resourceType: 'User', location, version: tagOf([resource, person.roles]) });
};

/** A group, with its members where they were looked up. */
export const showGroup = (group: Group, base: string): Shown => {
  const resource = {
    schemas: [scimUrns.group],
    id: group.id,
    externalId: group.externalId ?? undefined,
    displayName: group.displayName,
  };
  const location = `${base}/Groups/${group.id}`;
  const version = tagOf([resource, group.version]);
  const members = group.members?.map(({ value, display }) => ({
    value,
    $ref: `${base}/Users/${value}`,
    type: 'User',
    display,
  }));
  return withMeta({ ...resource, members }, group, { resourceType: 'Group', location, version });
};
