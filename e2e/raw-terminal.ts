import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import type { Failure } from '#contract/errors.ts';
import type { World } from './world.ts';

/** What an attacker with the source code holds: a terminal's certificate and nothing of the guard. */
export interface RawTerminal {
  readonly id: string;
  post(path: string, body: unknown): Promise<{ status: number; body: { failure?: Failure } & Record<string, unknown> }>;
  /** The same terminal at another process of the server. */
  at(origin: string): RawTerminal;
  close(): Promise<void>;
}

/** What of a world it takes. */
type Place = { readonly folder: string } & {
  readonly admin: Pick<World['admin'], 'do'>;
  readonly server: Pick<World['server'], 'origin' | 'authority'>;
};

/** Posts without any client certificate. */
export async function createStranger(world: Place): Promise<RawTerminal> {
  return createPoster(world, 'stranger', {});
}

/** Enrols a terminal by hand, so that its certificate can be used without a guard. */
export async function createRawTerminal(world: Place, name: string): Promise<RawTerminal> {
  const { terminal, code } = await world.admin.do('terminals/announce', { body: { name, place: '' } });
  const { key, request: csr } = createRequest(world.folder, name);
  const stranger = await createStranger(world);
  const admitted = await stranger.post('/v1/terminals/enrol', { code, request: csr });
  await stranger.close();
  if (admitted.status !== 200) throw new Error(JSON.stringify(admitted.body));
  return createPoster(world, terminal, { cert: String(admitted.body['certificate']), key });
}

function createPoster(world: Place, id: string, identity: { cert?: string; key?: string }): RawTerminal {
  const agent = new Agent({
    connect: { ca: readFileSync(world.server.authority, 'utf8'), minVersion: 'TLSv1.3', ...identity },
  });
  return {
    id,
    at: (origin) => createPoster({ ...world, server: { ...world.server, origin } }, id, identity),
    close: () => agent.close(),
    async post(path, body) {
      const answer = await request(`${world.server.origin}${path}`, {
        dispatcher: agent,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: answer.statusCode, body: (await answer.body.json()) as { failure?: Failure } };
    },
  };
}

/** A P-256 key and a PKCS #10 request, by a program that shares no code with the product. */
function createRequest(folder: string, name: string): { key: string; request: string } {
  const [keyFile, requestFile] = [join(folder, `${name}.key`), join(folder, `${name}.csr`)];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  execFileSync('openssl', ['req', '-new', ...curve, '-subj', `/CN=${name}`, '-keyout', keyFile, '-out', requestFile], {
    stdio: 'ignore',
  });
  return { key: readFileSync(keyFile, 'utf8'), request: readFileSync(requestFile, 'utf8') };
}
