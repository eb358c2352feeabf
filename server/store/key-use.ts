import type { KeyPurpose } from '#contract/api/keys.ts';
import type { Transaction } from './database.ts';

/**
 * Where rows name the key that they were written with. Whoever stores a blind index, a peppered hash or something sealed in
 * another column adds it here: what is not counted is lost when its key is retired.
 */
interface Place {
  /** What the rows are, for people. */
  readonly what: string;
  readonly table: string;
  /** SQL for the key's number as text; null where the row hangs on none. */
  readonly key: string;
  /** What becomes of rows whose key goes: they must be made anew. `$1` is the key's number as text, `$2` the time. */
  readonly letGo?: string;
}

const keyIn = (index: string): string => `(get_byte(${index}, 0) * 256 + get_byte(${index}, 1))::text`;
const indexKey = keyIn('blind_index');
const codeKey = keyIn('code_index');

export const places: Readonly<Record<KeyPurpose, readonly Place[]>> = {
  'card-index': [
    {
      what: 'cards',
      table: 'card',
      key: indexKey,
      letGo: `update card set state = 'revoked', revoked_at = $2, reason = 'key-retired' where state <> 'revoked' and ${indexKey} = $1`,
    },
    {
      what: 'substitute codes in force',
      table: 'substitute',
      key: `case when ended_at is null then ${codeKey} end`,
      letGo: `update substitute set ended_at = $2, end_reason = 'key-retired' where ended_at is null and ${codeKey} = $1`,
    },
    {
      what: 'unused emergency codes',
      table: 'emergency_code',
      key: `case when used_at is null and voided_at is null then ${codeKey} end`,
      letGo: `update emergency_code set voided_at = $2 where used_at is null and voided_at is null and ${codeKey} = $1`,
    },
  ],
  'pin-pepper': [
    {
      what: 'PINs, passwords and first secrets',
      table: 'credential',
      key: `case when kind in ('pin', 'password', 'initial') then secret->>'pepper' end`,
      letGo: `update credential set state = 'disabled' where secret->>'pepper' = $1 and $2::timestamptz is not null`,
    },
  ],
  sealing: [
    {
      what: 'seeds',
      table: 'credential',
      key: `case when kind = 'totp' then secret->>'key' end`,
      letGo: `update credential set state = 'disabled' where kind = 'totp' and secret->>'key' = $1 and $2::timestamptz is not null`,
    },
    {
      what: 'seeds that wait for a code',
      table: 'credential',
      key: `case when kind = 'totp' then pending->>'key' end`,
      letGo: `update credential set pending = null, pending_until = null where kind = 'totp' and pending->>'key' = $1 and $2::timestamptz is not null`,
    },
    {
      what: 'seeds of invitations',
      table: 'invitation',
      key: `case when used_at is null then seed->>'key' end`,
      letGo: `delete from invitation where used_at is null and seed->>'key' = $1 and $2::timestamptz is not null`,
    },
  ],
  // A grant is over in half a minute.
  grant: [],
  // What it signed can be checked without it.
  log: [],
  ca: [
    {
      what: 'certificates of terminals',
      table: 'terminal',
      key: `case when state in ('active', 'disabled') then certificate_authority::text end`,
    },
  ],
};

export interface KeyUse {
  readonly purpose: KeyPurpose;
  /** As it stands in the rows: damaged ones may name no number. */
  readonly key: string;
  readonly what: string;
  readonly rows: number;
}

const countIn = async (tx: Transaction, purpose: KeyPurpose, { what, table, key }: Place): Promise<KeyUse[]> => {
  const found = await tx.query<{ key: string; rows: number }>(
    `select ${key} as key, count(*) as rows from ${table} where ${key} is not null group by 1`,
  );
  return found.map((row) => ({ purpose, what, key: row.key, rows: row.rows }));
};

/** How many rows hang on each key. Reads whole tables. */
export const countKeyUse = async (tx: Transaction): Promise<KeyUse[]> => {
  const found: KeyUse[] = [];
  for (const [purpose, all] of Object.entries(places) as [KeyPurpose, readonly Place[]][]) {
    for (const place of all) found.push(...(await countIn(tx, purpose, place)));
  }
  return found;
};

export const rowsOf = (uses: readonly KeyUse[], purpose: KeyPurpose, key: number): number =>
  uses.reduce((sum, use) => (use.purpose === purpose && use.key === String(key) ? sum + use.rows : sum), 0);

/** The key goes although rows hang on it: cards are revoked, PINs, passwords and codes disabled until they are set anew. */
export const letRowsGo = async (tx: Transaction, now: Date, purpose: KeyPurpose, key: number): Promise<void> => {
  for (const { letGo } of places[purpose]) if (letGo !== undefined) await tx.query(letGo, [String(key), now]);
};
