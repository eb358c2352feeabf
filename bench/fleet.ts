import { createUuid } from '#server/store/uuid.ts';
import { createKeys, createRequest, exportKey } from '#server/testing.ts';
import type { ServerAlone } from './server-alone.ts';

/** A terminal as far as the server knows one: its name, its key and its certificate. PEM. */
export interface FleetTerminal {
  readonly id: string;
  readonly key: string;
  readonly certificate: string;
}

const atOnce = 50;

/** Admits so many terminals, each with a key and a certificate of its own, without asking the server to. */
export async function admitFleet({ authority, database }: ServerAlone, count: number): Promise<FleetTerminal[]> {
  const now = new Date();
  const admit = async (): Promise<FleetTerminal> => {
    const id = createUuid(now);
    const keys = await createKeys();
    const held = await authority.issueClient(await createRequest(keys), id, now);
    if (held === undefined) throw new Error('the authority issued nothing');
    return { id, key: await exportKey(keys), certificate: held.certificate };
  };
  const fleet: FleetTerminal[] = [];
  while (fleet.length < count)
    fleet.push(...(await Promise.all(Array.from({ length: Math.min(atOnce, count - fleet.length) }, admit))));
  await database.background.query(
    `insert into terminal (id, name, place, state, announced_at, enrolled_at)
     select id, 'fleet ' || id, '', 'active', $2, $2 from unnest($1::uuid[]) as id`,
    [fleet.map(({ id }) => id), now],
  );
  return fleet;
}
