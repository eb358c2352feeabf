import { generateSync } from 'otplib';
import { scimUrns } from '#contract/api/scim.ts';
import { goodPin, otherPin } from '../testing-login.ts';
import type { Pool, Together } from './pool.ts';
import type { Made } from './process.ts';

/** Words that no schema tells and no answer shows, by the member that they are for. */
const vocabulary: Readonly<Record<string, readonly unknown[]>> = {
  op: ['add', 'replace', 'remove', 'Replace'],
  path: ['active', 'displayName', 'name.familyName', 'userName', 'members', 'externalId', 'members[value eq "x"]'],
  value: [true, false, '山田', 'A-1', [], { active: false }, { displayName: 'x' }],
  schemas: [[scimUrns.user, scimUrns.group, scimUrns.patch, scimUrns.search]],
  filter: ['userName sw "N"', 'displayName pr', 'active eq true and not (userName eq "x")', 'id eq "x" or'],
  sortBy: ['userName', 'displayName', 'id', 'meta.created'],
  sortOrder: ['ascending', 'descending'],
  attributes: ['displayName', 'displayName,externalId', 'id', 'meta.created'],
  excludedAttributes: ['displayName', 'meta'],
  number: [1, 2, 3, 5, 8, 13],
  count: [0, 1, 5, 200],
  startIndex: [1, 2, 1_000_000],
  secret: [goodPin, goodPin, goodPin, otherPin],
  pin: [otherPin, '90317526', '12345678'],
  password: ['another plum on the roof', 'short'],
  text: [
    'number,name\nI-1,山田\nI-2,佐藤',
    'number,name,roles\nI-3,鈴木,helpdesk',
    'number\tname\nI-1\t山田',
    'nonsense',
  ],
  timeZone: ['Asia/Tokyo'],
  search: ['山田', 'N', 'I-1', '%', '_'],
  after: [0],
};

/** `authority` is a certificate in what terminals are answered, and an identifier in a path. */
export const taught: ReadonlySet<string> = new Set([...Object.keys(vocabulary), 'authority']);

const codeOf = (seed: string, now: () => number) => () =>
  generateSync({ secret: seed, epoch: Math.floor(now() / 1000) });

export const teachVocabulary = (pool: Pool): void => {
  for (const [name, values] of Object.entries(vocabulary)) for (const value of values) pool.teach({ [name]: value });
};

/** Somebody who can log in: terminals come to know the card, browsers number and password, both a code of the moment. */
export const teachPerson = (
  pool: Pool,
  { person, number, evidence, seed, password }: Made,
  now: () => number,
): void => {
  pool.teach({ card: evidence, 'person id': person, person, number });
  pool.teach({ number, password, code: codeOf(seed, now) }, 'people');
};

/** The seed in an answer becomes the code of the moment, where a later request wants it. */
export const withCode = (together: Together, now: () => number): Together => {
  const { uri } = together;
  const seed = typeof uri === 'string' ? /[?&]secret=([A-Z2-7]+)/.exec(uri)?.[1] : undefined;
  if (seed === undefined) return together;
  const code = codeOf(seed, now);
  return { code, ...together, totp: code, password: 'another plum on the roof' };
};
