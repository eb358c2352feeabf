import { type Role, roles } from '#contract/api/row.ts';
import type { CardEvidence } from '#contract/card.ts';
import type { PersonId } from '#contract/ids.ts';
import { readKeyRings } from '../key-file.ts';
import { createRequest, startTestServer } from '../testing.ts';
import { password } from '../testing-browser.ts';
import { connectDirectory } from '../testing-directory.ts';
import { makeClinician } from '../testing-login.ts';

/** A server in a process of its own, which makes senders and tells how it is. Started by `server.ts`. */

// What is answered is held against its schema where it arrives.
const server = await startTestServer({ checkAnswers: false });
const { origin, authority, folder, database } = server;

/** The server's keys, the pepper among them, as they look in text. */
const keysInText = (): string[] =>
  Object.values(readKeyRings(folder) ?? {}).flatMap((ring = []) =>
    ring.flatMap(({ key }) => [
      key,
      Buffer.from(key, 'base64').toString('hex'),
      Buffer.from(key, 'base64').toString('base64url'),
    ]),
  );

const asked = {
  about: async () => ({ origin, authority: authority.certificate, folder, keys: keysInText() }),
  terminal: async () => {
    const { id, key, keys, admission } = await server.enrol();
    return { id, key, certificate: admission.certificate, request: await createRequest(keys) };
  },
  person: async ({ role }: { role: Role }) => {
    const { headers, person } = await server.signIn([role]);
    return { headers, person };
  },
  /** An admin or a directory may have changed what somebody may do; they themselves may not. */
  given: async ({ person, role }: { person: PersonId; role: Role }) => {
    const changed = await database.query(
      `select 1 from person where id = $1 and roles <> array[$2::text]
         and exists (select 1 from event where person = $1 and kind like 'person.%' and actor is distinct from $1)`,
      [person, role],
    );
    return { others: changed.length > 0 };
  },
  directory: async () => ({ headers: (await connectDirectory(server)).headers }),
  /** Somebody who may log in and sign in. */
  clinician: async ({ number }: { number: number }) => {
    const role = roles[number % roles.length] ?? 'clinician';
    const { person, evidence, seed } = await makeClinician(server, { roles: [role], password });
    return { person: person.id, number: person.number, evidence, seed, password };
  },
  /** Time goes on, and the policy is the usual one again. */
  tend: async ({ milliseconds }: { milliseconds: number }) => {
    server.advance(milliseconds);
    const isUsual = JSON.stringify(server.policies.active().factors) === '[]';
    if (!isUsual) await server.applyPolicy({});
    return { now: server.now().getTime(), logged: server.takeLogged() };
  },
  state: async () => {
    globalThis.gc?.();
    const stuck = await database.query<{ state: string; query: string }>(
      `select state, query from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle' and now() - state_change > interval '2 seconds'`,
    );
    const connections = await database.query<{ count: number }>(
      "select count(*) from pg_stat_activity where datname = current_database() and backend_type = 'client backend'",
    );
    return {
      heap: process.memoryUsage().heapUsed,
      cpuSeconds: (process.cpuUsage().user + process.cpuUsage().system) / 1e6,
      handles: process.getActiveResourcesInfo().length,
      connections: connections[0]?.count ?? 0,
      stuck,
    };
  },
  close: async () => {
    await server.close();
    return {};
  },
} satisfies Record<string, (given: never) => Promise<object>>;

export type Asked = { readonly [Name in keyof typeof asked]: Awaited<ReturnType<(typeof asked)[Name]>> };
export type Given = { readonly [Name in keyof typeof asked]: Parameters<(typeof asked)[Name]>[0] };
export interface Made extends Omit<Asked['clinician'], 'evidence'> {
  readonly evidence: CardEvidence;
}

process.on('message', (message: { id: number; name: keyof typeof asked; given: never }) => {
  const { id, name, given } = message;
  asked[name](given).then(
    (value) => process.send?.({ id, value }),
    (problem: unknown) => process.send?.({ id, problem: String(problem) }),
  );
});
process.on('disconnect', () => void server.close().finally(() => process.exit(0)));
process.send?.({ ready: true });
