import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { Agent, request } from 'undici';
import type { Failure } from '#contract/errors.ts';
import type { World } from './world.ts';

/** What an attacker with the source code holds: a terminal's certificate and nothing of the guard. */
export interface RawTerminal {
  readonly id: string;
  post(path: string, body: unknown): Promise<{ status: number; body: { failure?: Failure } & Record<string, unknown> }>;
  close(): Promise<void>;
}

/** Posts without any client certificate. */
export async function createStranger(world: World): Promise<RawTerminal> {
  return createPoster(world, 'stranger', {});
}

/** Enrols a terminal by hand, so that its certificate can be used without a guard. */
export async function createRawTerminal(world: World, name: string): Promise<RawTerminal> {
  const { terminal, code } = await world.admin.do('terminals/announce', { body: { name, place: '' } });
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const csr = await Pkcs10CertificateRequestGenerator.create({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
  });
  const stranger = await createStranger(world);
  const admitted = await stranger.post('/v1/terminals/enrol', { code, request: csr.toString('pem') });
  await stranger.close();
  if (admitted.status !== 200) throw new Error(JSON.stringify(admitted.body));
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey));
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }).export({ format: 'pem', type: 'pkcs8' });
  return createPoster(world, terminal, { cert: String(admitted.body['certificate']), key: String(key) });
}

function createPoster(world: World, id: string, identity: { cert?: string; key?: string }): RawTerminal {
  const agent = new Agent({
    connect: { ca: readFileSync(world.server.authority, 'utf8'), minVersion: 'TLSv1.3', ...identity },
  });
  return {
    id,
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
