import { randomBytes } from 'node:crypto';
import { hashSecret, makeTotpSeed, sealSeed } from '#server/credentials.ts';
import type { Secrets } from '#server/secrets.ts';
import type { Transaction } from '#server/store/database.ts';
import { searchTextOf } from '#server/store/people.ts';
import type { Acts } from './acts.ts';
import type { Draw } from './draw.ts';
import type { Place } from './places.ts';
import type { Card, Person } from './staff.ts';
import type { Stay } from './story.ts';

const hour = 3_600_000;
const instant = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

/** Rows by their columns, each of which has its type. */
const insert = async (
  tx: Transaction,
  table: string,
  columns: Readonly<Record<string, string>>,
  rows: readonly object[],
): Promise<void> => {
  const names = Object.keys(columns).map((name) => `"${name}"`);
  const types = Object.entries(columns).map(([name, type]) => `"${name}" ${type}`);
  const values = names.map((name) => `r.${name}`);
  for (let from = 0; from < rows.length; from += 5000)
    await tx.query(
      `insert into ${table} (${names.join(', ')}) select ${values.join(', ')} from jsonb_to_recordset($1::jsonb) as r(${types.join(', ')})`,
      [JSON.stringify(rows.slice(from, from + 5000))],
    );
};

const person = {
  id: 'uuid',
  number: 'text',
  name: 'text',
  kana: 'text',
  state: 'text',
  roles: 'text[]',
  search: 'text',
  created_at: 'timestamptz',
  changed_at: 'timestamptz',
};
const card = {
  id: 'uuid',
  person: 'uuid',
  kind: 'text',
  blind_index: 'bytea',
  technology: 'text',
  assurance: 'text',
  ending: 'text',
  label: 'text',
  state: 'text',
  enrolled_at: 'timestamptz',
  revoked_at: 'timestamptz',
  revoked_by: 'uuid',
  reason: 'text',
};
const credential = {
  id: 'uuid',
  person: 'uuid',
  kind: 'text',
  state: 'text',
  secret: 'jsonb',
  failures: 'int',
  set_at: 'timestamptz',
};
const terminal = {
  id: 'uuid',
  name: 'text',
  place: 'text',
  group_name: 'text',
  state: 'text',
  announced_at: 'timestamptz',
  enrolled_at: 'timestamptz',
  revoked_at: 'timestamptz',
  certificate_serial: 'text',
  certificate_expires_at: 'timestamptz',
  connected_at: 'timestamptz',
  connected_to: 'uuid',
  last_seen_at: 'timestamptz',
  clock_offset_ms: 'float8',
};

const asBytes = (bytes: Buffer): string => `\\x${bytes.toString('hex')}`;

/** What somebody needs who looks at it. */
export interface SignIn {
  readonly number: string;
  readonly password: string;
  /** Base32, as an authenticator takes it. */
  readonly seed: string;
}

export interface Hospital {
  readonly draw: Draw;
  readonly now: number;
  readonly staff: readonly Person[];
  readonly stock: readonly Card[];
  readonly places: readonly Place[];
  readonly acts: Acts;
}

const cardRows = ({ staff, stock }: Hospital, secrets: Secrets): object[] => {
  const desk = staff.find(({ roles }) => roles.includes('helpdesk'))?.id ?? null;
  const row = (of: string | null) => (one: Card) => ({
    id: one.id,
    person: of,
    kind: one.kind,
    blind_index: asBytes(secrets.cardIndexes(one.evidence)[0]),
    technology: one.evidence.technology,
    assurance: one.evidence.assurance,
    ending: one.evidence.identifier.slice(-4),
    label: one.label,
    state: one.state,
    enrolled_at: instant(one.enrolledAt),
    revoked_at: instant(one.revokedAt),
    revoked_by: one.revokedAt === null ? null : desk,
    reason: one.reason,
  });
  return [...staff.flatMap(({ id, cards }) => cards.map(row(id))), ...stock.map(row(null))];
};

/** A PIN is hashed once, for all: a hash for each would take minutes. */
const credentialRows = async (hospital: Hospital, secrets: Secrets, pin: string): Promise<object[]> => {
  const { draw, staff, now } = hospital;
  const hashed = await hashSecret(secrets, pin);
  return staff.flatMap((one) => {
    const kinds = one.hasBoth ? (['pin', 'totp'] as const) : [one.factor];
    return kinds.map((kind) => {
      const state = draw.weighted({ active: 985, locked: 10, disabled: 5 });
      return {
        id: draw.uuid(one.createdAt),
        person: one.id,
        kind,
        state,
        secret: kind === 'pin' ? hashed : sealSeed(secrets, makeTotpSeed(), one.id),
        failures: state === 'active' ? 0 : state === 'locked' ? 5 : 20,
        set_at: instant(Math.min(now, one.createdAt + hour)),
      };
    });
  });
};

/** Password and authenticator for one of each role, so that somebody can look at all this. */
const admitToConsole = async (tx: Transaction, { staff, draw, now }: Hospital, secrets: Secrets) => {
  const password = randomBytes(12).toString('base64url');
  const secret = await hashSecret(secrets, password);
  const signIns: Record<string, SignIn> = {};
  for (const role of ['admin', 'helpdesk', 'auditor', 'operator'] as const) {
    const one = staff.find(({ roles }) => roles.length === 1 && roles.includes(role));
    if (one === undefined) continue;
    const seed = makeTotpSeed();
    await tx.query(`delete from credential where person = $1 and kind = 'totp'`, [one.id]);
    const common = { person: one.id, state: 'active', failures: 0, set_at: instant(now) };
    await insert(tx, 'credential', credential, [
      { ...common, id: draw.uuid(now), kind: 'password', secret },
      { ...common, id: draw.uuid(now), kind: 'totp', secret: sealSeed(secrets, seed, one.id) },
    ]);
    signIns[role] = { number: one.number, password, seed };
  }
  return signIns;
};

export const writePeople = async (tx: Transaction, hospital: Hospital, secrets: Secrets, pin: string) => {
  const { staff } = hospital;
  await insert(
    tx,
    'person',
    person,
    staff.map((one) => ({
      ...one,
      search: searchTextOf(one),
      created_at: instant(one.createdAt),
      changed_at: instant(one.createdAt),
    })),
  );
  await insert(tx, 'card', card, cardRows(hospital, secrets));
  await insert(tx, 'credential', credential, await credentialRows(hospital, secrets, pin));
  return admitToConsole(tx, hospital, secrets);
};

/** Terminals that are on have their streams at a server that there is not; it is believed in for a day. */
export const writeTerminals = async (tx: Transaction, { draw, now, places }: Hospital): Promise<void> => {
  const nobody = draw.uuid(now);
  const day = 24 * hour;
  await tx.query('insert into server_process (id, started_at, seen_at) values ($1, $2, $3)', [
    nobody,
    new Date(now),
    new Date(now + day),
  ]);
  await insert(
    tx,
    'terminal',
    terminal,
    places.map((place) => {
      const isEnrolled = place.state !== 'announced';
      return {
        id: place.id,
        name: place.name,
        place: place.ward.place,
        group_name: place.ward.group,
        state: place.state,
        announced_at: instant(place.enrolledAt - hour),
        enrolled_at: isEnrolled ? instant(place.enrolledAt) : null,
        revoked_at: place.state === 'revoked' ? instant(place.seenAt) : null,
        certificate_serial: isEnrolled ? draw.hex(16) : null,
        certificate_expires_at: isEnrolled ? instant(place.endsAt) : null,
        connected_at: place.isOnline ? instant(now - Math.floor(draw.next() * 20 * hour)) : null,
        connected_to: place.isOnline ? nobody : null,
        last_seen_at: isEnrolled ? instant(place.seenAt) : null,
        clock_offset_ms: isEnrolled ? place.clockOffset : null,
      };
    }),
  );
};

export const writeActs = async (tx: Transaction, { draw, acts }: Hospital): Promise<void> => {
  await insert(
    tx,
    'revocation',
    { number: 'bigint', what: 'text', subject: 'uuid', person: 'uuid', reason: 'text', by: 'uuid', at: 'timestamptz' },
    acts.revocations.map((one) => ({ ...one, person: one.person.id, by: one.by.id, at: instant(one.at) })),
  );
  await insert(
    tx,
    'receipt',
    {
      revocation: 'bigint',
      terminal: 'uuid',
      received_at: 'timestamptz',
      locked_at: 'timestamptz',
      signature: 'text',
      stored_at: 'timestamptz',
    },
    acts.revocations.flatMap(({ number, receipts }) =>
      receipts.map(({ place, at, locked }) => ({
        revocation: number,
        terminal: place.id,
        received_at: instant(at - 20),
        locked_at: locked ? instant(at - 10) : null,
        // No terminal has a key that could have signed it.
        signature: '',
        stored_at: instant(at),
      })),
    ),
  );
  await insert(
    tx,
    'emergency_use',
    {
      id: 'uuid',
      means: 'text',
      witness: 'uuid',
      person: 'uuid',
      terminal: 'uuid',
      session: 'uuid',
      reason: 'text',
      at: 'timestamptz',
      support_code: 'text',
      reviewed_at: 'timestamptz',
      reviewed_by: 'uuid',
      verdict: 'text',
      findings: 'text',
    },
    acts.emergencies.map((one) => ({
      id: one.id,
      means: 'witness',
      witness: one.witness.id,
      person: one.person.id,
      terminal: one.place.id,
      session: one.session,
      reason: one.reason,
      at: instant(one.at),
      support_code: one.supportCode,
      reviewed_at: one.reviewedBy === null ? null : instant(one.at + 14 * hour),
      reviewed_by: one.reviewedBy?.id ?? null,
      verdict: one.reviewedBy === null ? null : 'in-order',
      findings: one.reviewedBy === null ? '' : '当直中のカード忘れ。本人に確認済み。',
    })),
  );
  await insert(
    tx,
    'approval',
    {
      id: 'uuid',
      act: 'text',
      call: 'text',
      subject: 'uuid',
      digest: 'bytea',
      about: 'text',
      asked_by: 'uuid',
      asked_at: 'timestamptz',
      expires_at: 'timestamptz',
    },
    acts.approvals.map((one) => ({
      id: one.id,
      act: one.act,
      call: one.call,
      subject: one.subject.id,
      digest: `\\x${draw.hex(64)}`,
      about: one.about,
      asked_by: one.askedBy.id,
      asked_at: instant(one.at),
      expires_at: instant(one.at + 24 * hour),
    })),
  );
};

/** Attempts and sessions of the last day: older ones are in the log alone. */
export const writeStays = async (tx: Transaction, draw: Draw, stays: readonly Stay[]): Promise<void> => {
  const attempts = stays.map((one) => ({
    id: one.attempt,
    terminal: one.place.id,
    lock_id: draw.uuid(one.startedAt),
    card: one.card,
    person: one.person,
    support_code: one.supportCode,
    state: 'accepted',
    factors: ['pin'],
    started_at: instant(one.startedAt - 4000),
    expires_at: instant(one.startedAt + 56_000),
    ended_at: instant(one.startedAt),
  }));
  const columns = {
    id: 'uuid',
    terminal: 'uuid',
    lock_id: 'uuid',
    card: 'uuid',
    person: 'uuid',
    support_code: 'text',
    state: 'text',
    factors: 'text[]',
    started_at: 'timestamptz',
    expires_at: 'timestamptz',
    ended_at: 'timestamptz',
  };
  await insert(tx, 'attempt', columns, attempts);
  await insert(
    tx,
    'session',
    {
      id: 'uuid',
      attempt: 'uuid',
      terminal: 'uuid',
      person: 'uuid',
      card: 'uuid',
      started_at: 'timestamptz',
      ends_at: 'timestamptz',
      ended_at: 'timestamptz',
      end_reason: 'text',
      active_at: 'timestamptz',
    },
    stays.map((one) => ({
      id: one.session,
      attempt: one.attempt,
      terminal: one.place.id,
      person: one.person,
      card: one.card,
      started_at: instant(one.startedAt),
      ends_at: instant(one.startedAt + 12 * hour),
      ended_at: instant(one.endedAt),
      end_reason: one.endedAt === null ? null : one.reason,
      active_at: instant(one.endedAt ?? one.startedAt),
    })),
  );
};

/** Where the nightly backups of the log lie: two weeks of them in a folder, and a month where nobody deletes them. */
export const writeBackups = async (tx: Transaction, until: Date): Promise<void> => {
  await tx.query(
    `insert into backup (event, name, folder, host, bytes, recipient, keep, stored, locked_until, gone_at, gone_by, goes_next)
     select id, 'kazasu-' || to_char(at at time zone 'UTC', 'YYYYMMDD"T"HH24MISSMS"Z"') || '.age', '/mnt/backups', 'kazasu-1',
            greatest(180000000 - place * 1700000, 1000), 'age1' || repeat('kazasu0xq9', 6), 14, 'stored', at + interval '30 days',
            case when place > 14 then at + interval '14 days' end, case when place > 14 then 'retention' end, place = 14
       from (select id, at, row_number() over (order by at desc) as place from event
              where kind = 'backup.made' and at <= $1) made`,
    [until],
  );
};
