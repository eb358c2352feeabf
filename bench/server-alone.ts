import { join } from 'node:path';
import { freePort } from '#e2e/world.ts';
import { openKeys } from '#server/held-keys.ts';
import type { Secrets } from '#server/secrets.ts';
import type { Database } from '#server/store/database.ts';
import { openTestDatabase } from '#server/testing-cluster.ts';
import type { Authority } from '#server/tls/authority.ts';
import { type ServerHouse, startServer } from '#setup/house.ts';
import { createStops } from '#setup/stops.ts';

/** A server process with a PostgreSQL of its own, and the bench's own hands on database, keys and authority. */
export interface ServerAlone {
  readonly folder: string;
  readonly house: ServerHouse;
  readonly port: number;
  readonly database: Database;
  readonly connectionString: string;
  readonly secrets: Secrets;
  readonly authority: Authority;
  stop(): Promise<void>;
}

export async function startServerAlone(): Promise<ServerAlone> {
  const stops = createStops();
  try {
    const { close, connectionString, nearest, database, folder } = await openTestDatabase();
    stops.add(close);
    const port = await freePort();
    const own = join(folder, 'server');
    const house = await startServer({ folder: own, port, env: { DATABASE_URL: nearest } });
    stops.add(house.stop);
    const keys = await openKeys(own, new Date());
    const { secrets } = keys;
    const authority = keys.authorities().current;
    return { folder, house, port, database, connectionString, secrets, authority, stop: stops.stop };
  } catch (error) {
    await stops.stop();
    throw error;
  }
}
