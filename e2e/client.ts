import { readFileSync } from 'node:fs';
import { generateSync } from 'otplib';
import { Agent, request } from 'undici';
import { type Answer, api, type Call, type RouteName } from '#contract/api/index.ts';
import type { Row } from '#contract/api/row.ts';
import { type Failure, fail, type Result, succeed } from '#contract/errors.ts';

/** A person at the console, without a browser: the same requests over the same TLS. */
export interface ConsoleClient {
  /** One request; a refusal is a value. */
  ask<Name extends RouteName>(name: Name, call?: Partial<Call<Name>>): Promise<Result<Answer<Name>>>;
  /** One request that must succeed. */
  do<Name extends RouteName>(name: Name, call?: Partial<Call<Name>>): Promise<Answer<Name>>;
  close(): Promise<void>;
}

/** A connection that trusts the hospital's own authority and nothing else. */
export function createClient(origin: string, authority: string): ConsoleClient {
  const agent = new Agent({ connect: { ca: readFileSync(authority, 'utf8'), minVersion: 'TLSv1.3' } });
  let cookie = '';
  let csrf = '';

  async function ask<Name extends RouteName>(
    name: Name,
    call: Partial<Call<Name>> = {},
  ): Promise<Result<Answer<Name>>> {
    const row: Row = api[name];
    const params = (call.params ?? {}) as Record<string, string>;
    const query = Object.entries((call.query ?? {}) as Record<string, unknown>).map(([key, value]) => [
      key,
      String(value),
    ]);
    const path = row.path.replace(/:(\w+)/g, (_, key: string) => encodeURIComponent(params[key] ?? ''));
    const search = query.length > 0 ? `?${new URLSearchParams(query as [string, string][])}` : '';
    const answer = await request(`${origin}${path}${search}`, {
      dispatcher: agent,
      method: row.method,
      headers: {
        origin,
        ...(cookie ? { cookie } : {}),
        ...(row.method === 'POST'
          ? { 'content-type': 'application/json', ...(csrf ? { 'x-kazasu-csrf': csrf } : {}) }
          : {}),
      },
      ...(row.method === 'POST' ? { body: JSON.stringify(call.body ?? {}) } : {}),
    });
    const set = answer.headers['set-cookie'];
    for (const each of set === undefined ? [] : [set].flat()) cookie = each.split(';')[0] ?? cookie;
    const body = (await answer.body.json()) as { failure?: Failure; csrf?: string };
    if (answer.statusCode >= 400 || body.failure) return fail(body.failure?.code ?? 'INTERNAL', body.failure ?? {});
    if (typeof body.csrf === 'string') csrf = body.csrf;
    return succeed(body as Answer<Name>);
  }

  return {
    ask,
    async do(name, call) {
      const result = await ask(name, call);
      if (!result.ok) throw new Error(`${name}: ${JSON.stringify(result.failure)}`);
      return result.value;
    },
    close: () => agent.close(),
  };
}

export interface Secrets {
  readonly number: string;
  readonly password: string;
  /** Base32, from the otpauth URI. */
  readonly seed: string;
}

export const seedOf = (uri: string): string => new URL(uri).searchParams.get('secret') ?? '';

/** The code that an authenticator app shows `seconds` from now. */
export const totp = (seed: string, seconds = 0): string =>
  generateSync({ secret: seed, epoch: Math.floor(Date.now() / 1000) + seconds });

/** Follows the one-time link of the first admin and stays signed in. */
export async function becomeFirstAdmin(client: ConsoleClient, link: string): Promise<Secrets> {
  const code = new URLSearchParams(new URL(link).hash.slice(1)).get('invitation') ?? '';
  const secrets = { number: '000001', password: 'thirteen lamps above a quiet ward' };
  const { uri } = await client.do('console/open-invitation', { body: { code } });
  const seed = seedOf(uri);
  const { number, password } = secrets;
  await client.do('console/accept-invitation', {
    body: { code, password, totp: totp(seed), number, name: '管理 一郎', kana: 'カンリ イチロウ' },
  });
  return { ...secrets, seed };
}
