import { createHash } from 'node:crypto';
import type { RouteName } from '#contract/api/index.ts';
import { scimUrns } from '#contract/api/scim.ts';
import { type Failure, type FailureCode, failures } from '#contract/errors.ts';
import { toScimError } from './directory/answer.ts';

/** As much of a JSON Schema as the contract's schemas become. */
interface Shape {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly additionalProperties?: boolean | Shape;
  readonly propertyNames?: Shape;
  readonly items?: Shape;
  readonly minItems?: number;
  readonly maxLength?: number;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Values of members whose schema alone says nothing to a person. */
const words: Readonly<Record<string, unknown>> = {
  // People, things and places.
  name: '山田 花子',
  personName: '山田 花子',
  displayName: '山田 花子',
  byName: '鈴木 一郎',
  by: '鈴木 一郎',
  createdBy: '鈴木 一郎',
  kana: 'ヤマダ ハナコ',
  number: 'N-1042',
  userName: 'N-1042',
  familyName: '山田',
  givenName: '花子',
  formatted: '山田 花子',
  terminalName: '3東-NS-02',
  place: '3階 東病棟',
  group: '病棟',
  label: '職員証',
  reason: 'カードを紛失した',
  note: '夜勤の要望により',
  about: '山田 花子 (N-1042)',
  // Secrets and what stands for them.
  identifier: '0114A1B2C3D4E5F6',
  systemCode: '8008',
  technology: 'felica',
  ending: 'E5F6',
  supportCode: '7KQ-2MD-X4R',
  secret: '83106274',
  idempotencyKey: 'kq0Zc1yXv3mN8pR5tB7wLA',
  pin: '83106274',
  password: 'plum rain on the roof',
  totp: '492039',
  uri: 'otpauth://totp/Kazasu:N-1042?secret=JBSWY3DPEHPK3PXP&issuer=Kazasu',
  code: '492039',
  certificate: '-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n',
  authority: '-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n',
  grantKey: '-----BEGIN PUBLIC KEY-----\nMCow…\n-----END PUBLIC KEY-----\n',
  request: '-----BEGIN CERTIFICATE REQUEST-----\nMIIB…\n-----END CERTIFICATE REQUEST-----\n',
  // Files, addresses and SCIM.
  text: 'number,name,kana\nN-1042,山田 花子,ヤマダ ハナコ\n',
  address: 'https://kazasu.example/scim/v2',
  location: 'https://kazasu.example/scim/v2/Users/7f6e2f0a-53c4-4f0e-9a35-1d1c5f1f0b11',
  filter: 'userName eq "N-1042"',
  op: 'replace',
  path: 'active',
  attributes: 'userName,active',
  excludedAttributes: 'groups',
  sortBy: 'userName',
  sortOrder: 'ascending',
  version: '1.0.0',
  call: 'people/issue-first-secret',
  rpId: 'kazasu.example',
  timeZone: 'Asia/Tokyo',
};

/** The same, where a member says something else in one area of the calls. */
const ofArea: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  terminals: { name: '3東-NS-02', code: '7M4QX-2KD9R-H8TVW-05PCE-JN3GZ-A' },
  'directory-clients': { name: '人事システム', address: 'https://kazasu.example/scim/v2' },
  'directory-groups': { name: '看護部' },
  revocations: { numbers: '1041,1042' },
  people: { ids: '7f6e2f0a-53c4-4f0e-9a35-1d1c5f1f0b11,0d4c1f0a-53c4-4f0e-9a35-1d1c5f1f0b12' },
  console: { code: 'bm90IGEgcmVhbCBvbmUgYnV0IGFzIGxvbmc' },
  scim: { name: 'User' },
  log: {
    key: 'kazasu/log/7f6e2f0a-53c4-4f0e-9a35-1d1c5f1f0b11+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8',
    checkpoint:
      'kazasu/log/7f6e2f0a-53c4-4f0e-9a35-1d1c5f1f0b11\n1042\nCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\nat 2027-04-01T08:30:00.000Z\n\n\u2014 …\n',
    line: '{"seq":1042,"kind":"session.began",…}',
    text: '{"kazasu":"log","version":1,…}\n{"position":0,"leaf":"…","event":{"seq":1,…}}\n',
  },
};

const bytesOf = (name: string): Buffer => createHash('sha256').update(name).digest();
const uuidOf = (name: string): string => {
  const hex = bytesOf(name).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};
const fits = (value: unknown, { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern }: Shape): boolean =>
  typeof value === 'string' &&
  value.length >= minLength &&
  value.length <= maxLength &&
  (pattern === undefined || new RegExp(pattern).test(value));

/** By format and pattern; the patterns of the contract each have one that fits. */
const forms = [
  '2027-04-01T08:30:00+09:00',
  '2027-04-01',
  '10.20.0.0/16',
  '2001:db8::/32',
  '08:30',
  '2027-05-01',
  'A1B2',
  '0114A1B2C3D4E5F6',
  bytesOf('digest').toString('hex'),
  bytesOf('digest').toString('base64'),
];
const textOf = (shape: Shape, name: string, area: string): string => {
  if (shape.format === 'uuid') return uuidOf(name);
  if (shape.format === 'base64url') return bytesOf(name).toString('base64url').slice(0, 32);
  const known = ofArea[area]?.[name] ?? words[name];
  const found = [known, ...(shape.pattern === undefined ? [name, 'example'] : forms)].find((one) => fits(one, shape));
  if (typeof found !== 'string')
    throw new Error(`write an example of ${name} (${shape.pattern ?? shape.format ?? 'text'})`);
  return found;
};

/** A value that the schema takes, the same at each call. `area` is the first part of the call's name. */
export const exampleOf = (shape: Shape, name: string, area: string): unknown => {
  if ('const' in shape) return shape.const;
  if (shape.enum !== undefined) return shape.enum.find((one) => one === words[name]) ?? shape.enum[0];
  const [either] = shape.anyOf ?? shape.oneOf ?? [];
  if (either !== undefined) return exampleOf(either, name, area);
  switch (Array.isArray(shape.type) ? shape.type[0] : shape.type) {
    case 'object': {
      const { properties = {}, additionalProperties, propertyNames } = shape;
      const known = Object.entries(properties).map(([member, inner]) => [member, exampleOf(inner, member, area)]);
      if (typeof additionalProperties !== 'object' || Object.keys(additionalProperties).length === 0) {
        return Object.fromEntries(known);
      }
      const member = String(propertyNames?.enum?.[0] ?? (/^by(Day)$/.test(name) ? '2027-04-01' : 'key'));
      const key = propertyNames?.format === 'uuid' ? uuidOf(name) : member;
      return Object.fromEntries([...known, [key, exampleOf(additionalProperties, member, area)]]);
    }
    case 'array':
      return Array.from({ length: Math.max(1, shape.minItems ?? 0) }, () =>
        exampleOf(shape.items ?? {}, name.replace(/s$/, ''), area),
      );
    case 'string':
      return typeof shape.default === 'string' && shape.default !== '' ? shape.default : textOf(shape, name, area);
    case 'integer':
    case 'number':
      return shape.default ?? Math.min(Math.max(shape.minimum ?? 1, 1), shape.maximum ?? 1);
    case 'boolean':
      return shape.default ?? true;
    case 'null':
      return null;
    default:
      return words[name] ?? true;
  }
};

const user = {
  schemas: [scimUrns.user],
  externalId: 'hr-1042',
  userName: 'N-1042',
  name: { familyName: '山田', givenName: '花子' },
  displayName: '山田 花子',
  active: true,
};
const group = { schemas: [scimUrns.group], externalId: 'hr-3e', displayName: '3階 東病棟' };
const search = { schemas: [scimUrns.search], startIndex: 1, count: 50 };
const patch = { schemas: [scimUrns.patch], Operations: [{ op: 'replace', path: 'displayName', value: '山田 花' }] };

/** Bodies whose schema is open: what a directory sends. */
export const bodyExamples: { readonly [Name in RouteName]?: object } = {
  'scim/add-user': user,
  'scim/replace-user': user,
  'scim/patch-user': patch,
  'scim/search-users': { ...search, filter: 'userName eq "N-1042"', attributes: ['userName', 'active'] },
  'scim/add-group': group,
  'scim/replace-group': group,
  'scim/patch-group': patch,
  'scim/search-groups': { ...search, filter: 'displayName sw "3階"', excludedAttributes: ['members'] },
};

const details: { readonly [Code in FailureCode]?: Omit<Failure, 'code'> } = {
  REQUEST_INVALID: { problems: [{ path: 'body.name', rule: 'too_small' }] },
  SERVER_BUSY: { retryAfterSeconds: 1 },
  CARD_REFUSED: { supportCode: '7KQ-2MD-X4R' },
  PROOF_WRONG: { supportCode: '7KQ-2MD-X4R', triesLeft: 3 },
  PROOF_LOCKED: { supportCode: '7KQ-2MD-X4R', retryAfterSeconds: 60 },
  APPROVAL_NEEDED: { approval: uuidOf('approval') },
  POLICY_INVALID: { problems: [{ path: 'pin.shortest', rule: 'lowest' }] },
  DIRECTORY_TOO_OFTEN: { retryAfterSeconds: 60 },
};
const codes = Object.keys(failures) as FailureCode[];
const failureOf = (code: FailureCode): Failure => ({ code, ...details[code] });

/** Name of the example of a failure; directories are answered in another form. */
export const failureExample = (code: FailureCode, scim: boolean): string => (scim ? `scim.${code}` : code);

/** An example of every failure, in both forms, by its name. */
export const failureExamples = (): Record<string, object> =>
  Object.fromEntries([
    ...codes.map((code) => [
      failureExample(code, false),
      { summary: failures[code].meaning, value: { failure: failureOf(code) } },
    ]),
    ...codes.map((code) => [
      failureExample(code, true),
      { summary: failures[code].meaning, value: toScimError(failureOf(code)) },
    ]),
  ]);
