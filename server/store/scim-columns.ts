import { scimUrns } from '#contract/api/scim.ts';
import type { ResourceKind } from '#core/scim/schema.ts';

/** Where the value of an attribute is found. */
export interface Column {
  readonly sql: string;
  readonly type: 'text' | 'boolean' | 'instant' | 'uuid';
  /** False: compared without case (RFC 7643 2.2). */
  readonly exact: boolean;
  /** The form in which its texts are stored; NFC where it is left out. */
  readonly form?: 'NFC' | 'NFKC';
}

/** Values of an attribute that are rows of their own. */
export interface Parts {
  /** Up to its condition, which follows with `and`. */
  readonly sql: string;
  readonly columns: Readonly<Record<string, Column>>;
}

export interface Columns {
  readonly plain: Readonly<Record<string, Column>>;
  readonly parts: Readonly<Record<string, Parts>>;
  /** Of complex attributes: what stands for them in a comparison or when they are asked for as a whole. */
  readonly standsFor: Readonly<Record<string, string>>;
}

const text = (sql: string, exact = false): Column => ({ sql, type: 'text', exact });
const wide = (sql: string): Column => ({ ...text(sql), form: 'NFKC' });
const uuid = (sql: string): Column => ({ sql, type: 'uuid', exact: true });
/** Schemas of every resource of a kind: the same for all, and asked for all the same (RFC 7644 3.4.2.2). */
const schemas = (...urns: readonly string[]): Parts => ({
  sql: `exists (select 1 from unnest(array[${urns.map((urn) => `'${urn}'`).join(', ')}]) as s(urn) where true`,
  columns: { value: text('s.urn', true) },
});
const instant = (sql: string): Column => ({ sql, type: 'instant', exact: true });

const base = (table: string, kind: ResourceKind, externalId: string): Record<string, Column> => ({
  id: uuid(`${table}.id`),
  externalId: text(externalId, true),
  'meta.created': instant(`${table}.created_at`),
  'meta.lastModified': instant(`${table}.changed_at`),
  'meta.resourceType': text(`'${kind}'::text`, true),
});

export const columnsOf: Readonly<Record<ResourceKind, Columns>> = {
  User: {
    plain: {
      ...base('p', 'User', 'p.external_id'),
      userName: wide('p.number'),
      displayName: text('p.name'),
      'name.formatted': text('p.name'),
      'name.familyName': text('p.family_name'),
      'name.givenName': text('p.given_name'),
      active: { sql: `(p.state = 'active')`, type: 'boolean', exact: true },
      [`${scimUrns.staff}:kana`]: wide(`nullif(p.kana, '')`),
    },
    parts: {
      schemas: schemas(scimUrns.user, scimUrns.staff),
      groups: {
        sql: `exists (select 1 from directory_member m join directory_group g on g.id = m."group" where m.person = p.id`,
        columns: { value: uuid('g.id'), display: text('g.display_name'), type: text(`'direct'::text`) },
      },
    },
    standsFor: { name: 'name.formatted', [scimUrns.staff]: `${scimUrns.staff}:kana`, meta: 'meta.created' },
  },
  Group: {
    plain: { ...base('g', 'Group', 'g.external_id'), displayName: text('g.display_name') },
    parts: {
      schemas: schemas(scimUrns.group),
      members: {
        sql: `exists (select 1 from directory_member m join person p on p.id = m.person where m."group" = g.id`,
        columns: { value: uuid('p.id'), display: text('p.name'), type: text(`'User'::text`) },
      },
    },
    standsFor: { meta: 'meta.created' },
  },
};
