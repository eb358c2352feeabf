import type { FullNode, Hash } from '#core/audit/merkle.ts';
import type { Transaction } from './database.ts';

/** How many hashes a tile holds, and how many levels of the tree that is. */
export const tileWidth = 256;
export const tileHeight = 8;

export interface Leaf {
  readonly seq: number;
  readonly hash: Hash;
}

export interface Tile {
  readonly level: number;
  readonly number: number;
  readonly seqs: readonly number[] | null;
  readonly hashes: Buffer;
}

export interface Incarnation {
  readonly number: number;
  readonly id: string;
}

export interface StoredCheckpoint {
  readonly size: number;
  readonly root: Buffer;
  readonly note: string;
  readonly at: Date;
}

/** Any constant: of all server processes one at a time places lines. */
const placing = 5_411_005;

export const tryLead = async (tx: Transaction): Promise<boolean> => {
  const [lock] = await tx.query<{ got: boolean }>('select pg_try_advisory_xact_lock($1) as got', [placing], 'lead');
  return lock?.got === true;
};

/** Has a transaction read the log as it is now, whatever is placed meanwhile. Before anything else in it. */
export const holdStill = async (tx: Transaction): Promise<void> => {
  await tx.query('set transaction isolation level repeatable read');
};

export const findIncarnation = async (tx: Transaction): Promise<Incarnation> => {
  const [row] = await tx.query<Incarnation>(
    'select number, id from server_incarnation order by number desc limit 1',
    [],
    'incarnation',
  );
  if (row === undefined) throw new Error('the database names no incarnation of the server');
  return row;
};

export const listIncarnations = (tx: Transaction): Promise<Incarnation[]> =>
  tx.query('select number, id from server_incarnation order by number', [], 'incarnations');

/** Revocations that the lost part may have made are skipped by so many numbers. */
export const skippedRevocations = 1_000_000;

/** SQL: no revocation from now on has this number or a lower one, whether or not those that had them are here. */
export const revocationFloor = `greatest((select coalesce(max(number), 0) from revocation),
  (select coalesce(max(revocations_from), 0) from server_incarnation))`;

export interface Begun extends Incarnation {
  readonly reason: 'restored' | 'rolled-back';
  readonly size: number;
  /** The highest number of a revocation that was given, as far as this process knows better than the database. */
  readonly given: number;
}

export const beginIncarnation = async (tx: Transaction, now: Date, begun: Begun): Promise<void> => {
  await tx.query(
    `insert into server_incarnation (number, id, began_at, reason, size, revocations_from, lost_from)
     values ($1, $2, $3, $4, $5, greatest(${revocationFloor}, $7) + $6, (select max(at) from log_checkpoint))`,
    [begun.number, begun.id, now, begun.reason, begun.size, skippedRevocations, begun.given],
  );
};

/** How many lines have a place, and the number of the last. */
export const findEnd = async (tx: Transaction): Promise<{ size: number; lastSeq: number }> => {
  const [row] = await tx.query<{ size: number; lastSeq: number | null }>(
    `select coalesce((select max(number) + 1 from log_tile where level = 0), 0) * ${tileWidth}
              + (select count(*) from log_leaf) as size,
            coalesce((select max(seq) from log_leaf),
                     (select seqs[${tileWidth}] from log_tile where level = 0 order by number desc limit 1)) as "lastSeq"`,
    [],
    'log-end',
  );
  return { size: row?.size ?? 0, lastSeq: row?.lastSeq ?? 0 };
};

export const listLeaves = (tx: Transaction): Promise<(Leaf & { readonly position: number })[]> =>
  tx.query('select position, seq, hash from log_leaf order by position', [], 'log-leaves');

export const listTiles = (tx: Transaction, wanted: readonly Pick<Tile, 'level' | 'number'>[]): Promise<Tile[]> =>
  tx.query<Tile>(
    `select level, number, null as seqs, hashes from log_tile
      where (level, number) in (select * from unnest($1::smallint[], $2::bigint[]))`,
    [wanted.map(({ level }) => level), wanted.map(({ number }) => number)],
    'log-tiles',
  );

/** Leaves of full tiles, tile by tile. */
export const listFull = (tx: Transaction, from: number, to: number): Promise<Tile[]> =>
  tx.query<Tile>(
    `select level, number, array(select unnest(seqs)::float8) as seqs, hashes from log_tile
      where level = 0 and number >= $1 and number < $2 order by number`,
    [from, to],
    'log-full-tiles',
  );

/** The tile whose lines begin with the last number that is not above this one. */
export const tryFindTile = async (tx: Transaction, seq: number): Promise<Tile | undefined> => {
  const [tile] = await tx.query<Tile>(
    `select level, number, array(select unnest(seqs)::float8) as seqs, hashes from log_tile
      where level = 0 and seqs[1] <= $1 order by seqs[1] desc limit 1`,
    [seq],
    'log-tile-of',
  );
  return tile;
};

export interface Growth {
  /** Those of before with those that are new. */
  readonly leaves: readonly Leaf[];
  /** Position of the first of them. */
  readonly from: number;
  /** Positions of what is stored already end here. */
  readonly stored: number;
  readonly tiles: readonly Tile[];
}

/** Writes what has grown: tiles, and the leaves that fill none. */
export const saveGrowth = async (tx: Transaction, { leaves, from, stored, tiles }: Growth): Promise<void> => {
  if (tiles.length > 0) {
    await tx.query(
      `insert into log_tile (level, number, seqs, hashes)
       select level, number, case when level = 0 then array(select jsonb_array_elements(seqs)::bigint) end, decode(hashes, 'base64')
         from jsonb_to_recordset($1::jsonb) as tile (level smallint, number bigint, seqs jsonb, hashes text)
       on conflict (level, number) do update set hashes = excluded.hashes where log_tile.level > 0`,
      [JSON.stringify(tiles.map((tile) => ({ ...tile, hashes: tile.hashes.toString('base64') })))],
      'log-save-tiles',
    );
    await tx.query('delete from log_leaf where position < $1', [from], 'log-drop-leaves');
  }
  const fresh = leaves.slice(Math.max(0, stored - from));
  const first = Math.max(from, stored);
  if (fresh.length === 0) return;
  await tx.query(
    'insert into log_leaf (position, seq, hash) select * from unnest($1::bigint[], $2::bigint[], $3::bytea[])',
    [fresh.map((_, place) => first + place), fresh.map(({ seq }) => seq), fresh.map(({ hash }) => Buffer.from(hash))],
    'log-save-leaves',
  );
};

export const saveCheckpoint = async (
  tx: Transaction,
  incarnation: number,
  { size, root, note, at }: StoredCheckpoint,
): Promise<void> => {
  await tx.query(
    'insert into log_checkpoint (incarnation, size, at, root, note) values ($1, $2, $3, $4, $5)',
    [incarnation, size, at, root, note],
    'log-save-checkpoint',
  );
};

/** The newest one, of whatever incarnation. */
export const findNewest = async (
  tx: Transaction,
): Promise<(StoredCheckpoint & { incarnation: number }) | undefined> => {
  const [row] = await tx.query<StoredCheckpoint & { incarnation: number }>(
    'select incarnation, size, at, root, note from log_checkpoint order by incarnation desc, size desc limit 1',
    [],
    'log-newest',
  );
  return row;
};

/** Those of sizes above `after`, up to `last`, in their order. */
export const listCheckpoints = (tx: Transaction, after: number, last: number): Promise<StoredCheckpoint[]> =>
  tx.query<StoredCheckpoint>(
    `select size, root, note, at from log_checkpoint where size > $1 and size <= $2 order by size, incarnation`,
    [after, last],
    'log-checkpoints',
  );

/** Of checkpoints that are older, the last of each hour stays: each covers all that were before it. */
export const thinCheckpoints = async (tx: Transaction, until: Date): Promise<void> => {
  await tx.query(
    `delete from log_checkpoint c where at < $1 and exists (
       select from log_checkpoint later where later.incarnation = c.incarnation and later.size > c.size
          and date_trunc('hour', later.at) = date_trunc('hour', c.at))`,
    [until],
  );
};

export const listLogKeys = (tx: Transaction): Promise<{ key: string; endorsement: string | null }[]> =>
  tx.query('select key, endorsement from log_key order by number', [], 'log-keys');

export const saveLogKey = async (tx: Transaction, key: string, endorsement: string | null): Promise<void> => {
  await tx.query('insert into log_key (key, endorsement) values ($1, $2)', [key, endorsement]);
};

/** Where a full subtree lies: entries of one tile. */
export const placeOf = ({
  level,
  index,
}: FullNode): { tile: Pick<Tile, 'level' | 'number'>; at: number; width: number } => {
  const tileLevel = Math.floor(level / tileHeight);
  const width = 2 ** (level - tileLevel * tileHeight);
  const first = index * width;
  return {
    tile: { level: tileLevel, number: Math.floor(first / tileWidth) },
    at: first % tileWidth,
    width,
  };
};
