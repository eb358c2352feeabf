import type { DirectoryClient } from '#contract/api/directory.ts';
import type { DirectoryClientId, PersonId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';

export interface KnownClient {
  readonly id: DirectoryClientId;
  readonly name: string;
  readonly tokenHash: Buffer;
  readonly expiresAt: Date;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

export const tryGetClient = async (tx: Transaction, id: DirectoryClientId): Promise<KnownClient | undefined> => {
  const [row] = await tx.query<KnownClient>(
    `select id, name, token_hash as "tokenHash", expires_at as "expiresAt", last_used_at as "lastUsedAt",
            revoked_at as "revokedAt" from directory_client where id = $1`,
    [id],
    'directory-client',
  );
  return row;
};

/** How often a client in use is written down as such. */
const noticeMilliseconds = 60_000;

export const noteUse = async (tx: Transaction, now: Date, { id, lastUsedAt }: KnownClient): Promise<void> => {
  if (lastUsedAt !== null && now.getTime() - lastUsedAt.getTime() < noticeMilliseconds) return;
  await tx.query('update directory_client set last_used_at = $2 where id = $1', [id, now]);
};

export interface ClientToAdd {
  readonly id: DirectoryClientId;
  readonly name: string;
  readonly tokenHash: Buffer;
  readonly by: PersonId;
  readonly expiresAt: Date;
}

/** Whether an active client has this name. */
export const isNameTaken = async (tx: Transaction, name: string): Promise<boolean> => {
  const rows = await tx.query('select 1 from directory_client where lower(name) = lower($1) and revoked_at is null', [
    name,
  ]);
  return rows.length > 0;
};

/** False when an active client has this name. */
export const tryInsertClient = async (tx: Transaction, now: Date, toAdd: ClientToAdd): Promise<boolean> => {
  const rows = await tx.query(
    `insert into directory_client (id, name, token_hash, created_at, created_by, expires_at)
     values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning id`,
    [toAdd.id, toAdd.name, toAdd.tokenHash, now, toAdd.by, toAdd.expiresAt],
  );
  return rows.length === 1;
};

/** Its name, the first time; undefined when it is unknown or revoked already. */
export const tryRevokeClient = async (
  tx: Transaction,
  now: Date,
  id: DirectoryClientId,
  by: PersonId,
): Promise<string | undefined> => {
  const [row] = await tx.query<{ name: string }>(
    'update directory_client set revoked_at = $2, revoked_by = $3 where id = $1 and revoked_at is null returning name',
    [id, now, by],
  );
  return row?.name;
};

type ClientRow = KnownClient & { readonly createdAt: Date; readonly createdBy: string };

export const listClients = async (tx: Transaction, now: Date): Promise<DirectoryClient[]> => {
  const rows = await tx.query<ClientRow>(
    `select c.id, c.name, c.created_at as "createdAt", p.name as "createdBy", c.expires_at as "expiresAt",
            c.last_used_at as "lastUsedAt", c.revoked_at as "revokedAt"
       from directory_client c join person p on p.id = c.created_by
      order by c.revoked_at is not null, lower(c.name), c.created_at desc`,
  );
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    state: row.revokedAt !== null ? 'revoked' : row.expiresAt <= now ? 'expired' : 'active',
    createdAt: row.createdAt.toISOString(),
    createdBy: row.createdBy,
    expiresAt: row.expiresAt.toISOString(),
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
  }));
};
