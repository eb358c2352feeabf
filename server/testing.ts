import './tls/reflect.ts';
import { randomUUID, webcrypto } from 'node:crypto';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import type { Logger } from 'pino';
import { Agent, fetch, type Response } from 'undici';
import { api, type RouteName } from '#contract/api/index.ts';
import type { Role } from '#contract/api/row.ts';
import type { Admission } from '#contract/api/terminals.ts';
import type { PersonId, TerminalId } from '#contract/ids.ts';
import type { PolicyInput } from '#contract/policy.ts';
import { policyOf } from '#core/policy/profiles.ts';
import { type App, buildApp } from './app.ts';
import type { ServerDeps } from './deps.ts';
import { findFreePort } from './free-port.ts';
import { type HeldKeys, openServerKeys } from './held-keys.ts';
import { createLater } from './later.ts';
import { createLog } from './log.ts';
import { createSeenInMemory } from './log-tree/seen.ts';
import { createPolicies, type Policies } from './policies.ts';
import { createReportStore } from './reports/report-store.ts';
import type { HashCost, Secrets } from './secrets.ts';
import { insertConsoleSession } from './store/console.ts';
import { createDatabase, type Database, type Lane } from './store/database.ts';
import { announce } from './store/terminals.ts';
import { createUuid } from './store/uuid.ts';
import { openTestDatabase, patience, type TestDatabase } from './testing-cluster.ts';
import type { Authority } from './tls/authority.ts';
import { createTypedCode, hashTypedCode } from './tokens.ts';

/** The least that Argon2id takes: most tests hash, and few are about it. */
export const cheap: HashCost = { memory: 8, passes: 1 };

/** Who sends a request of a test. */
export interface TestSender {
  readonly agent: Agent;
  readonly headers: Readonly<Record<string, string>>;
}

export interface TestTerminal extends TestSender {
  readonly id: TerminalId;
  readonly admission: Admission;
  readonly keys: webcrypto.CryptoKeyPair;
  /** PKCS #8, PEM. */
  readonly key: string;
}

export interface TestConsole extends TestSender {
  readonly person: PersonId;
  readonly csrf: string;
}

export interface TestServer {
  readonly port: number;
  readonly origin: string;
  readonly folder: string;
  readonly connectionString: string;
  readonly database: Database;
  readonly logins: Lane;
  readonly authority: Authority;
  readonly keys: HeldKeys;
  readonly secrets: Secrets;
  readonly app: App;
  readonly policies: Policies;
  /** What routes of this server are given; with other keys or another clock it stands for another process. */
  readonly deps: ServerDeps;
  readonly log: Logger;
  /** Everything that the server logged. */
  readonly logged: () => string;
  /** The same, and it is forgotten. */
  readonly takeLogged: () => string;
  /** Moves the server's clock on. */
  advance(milliseconds: number): void;
  now(): Date;
  /** Nobody in particular, with a page of our own origin. */
  readonly anyone: TestSender;
  /** Somebody who comes from `localAddress`, such as 127.0.0.9, and shows a certificate if there is one. */
  sender(options: Identity): TestSender;
  enrol(name?: string): Promise<TestTerminal>;
  signIn(roles: readonly Role[]): Promise<TestConsole>;
  send(
    sender: TestSender,
    path: string,
    options?: { method?: string; body?: unknown; headers?: object; signal?: AbortSignal },
  ): Promise<Response>;
  call(sender: TestSender, name: RouteName, input?: Input): Promise<Answered>;
  /** Puts a policy in force that differs from the usual one in this. */
  applyPolicy(changes: PolicyInput): Promise<void>;
  close(): Promise<void>;
}
interface Identity {
  readonly key?: string;
  readonly cert?: string;
  readonly localAddress?: string;
}
interface Input {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: unknown;
}
export interface Answered {
  readonly status: number;
  readonly body: unknown;
  readonly code: string | undefined;
}

export const createRequest = async (keys: webcrypto.CryptoKeyPair): Promise<string> => {
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=terminal',
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
  });
  return request.toString('pem');
};

export const createKeys = (namedCurve = 'P-256'): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve }, true, ['sign', 'verify']);

export const exportKey = async (keys: webcrypto.CryptoKeyPair): Promise<string> =>
  x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');

/** What is sent as it is. */
const isPlain = (body: unknown): body is string | Uint8Array => typeof body === 'string' || body instanceof Uint8Array;

export interface TestServerOptions {
  /** Another process of the same server: same database, keys and authority. */
  readonly beside?: Pick<TestServer, 'folder' | 'connectionString' | 'now'>;
  /** The way to the database, when it is not the straight one. */
  readonly through?: (connectionString: string) => Promise<string>;
  /** A PostgreSQL of its own, which may be killed. */
  readonly ownCluster?: boolean;
  /** False: a wrong answer goes out, as it would from a server in use. */
  readonly checkAnswers?: boolean;
  /** Where it is the point what a hash costs. */
  readonly hashCost?: HashCost;
}

const openBeside = (given: Pick<TestServer, 'folder' | 'connectionString'>): TestDatabase => {
  const database = createDatabase({ connectionString: given.connectionString, patience, report: () => undefined });
  return { ...given, nearest: given.connectionString, database, close: database.close };
};

/** The whole server on a real PostgreSQL and real TLS, with a clock that a test can move on. */
export const startTestServer = async (options: TestServerOptions = {}): Promise<TestServer> => {
  const { beside, through, ownCluster = false, checkAnswers = true, hashCost = cheap } = options;
  const opened = beside === undefined ? await openTestDatabase({ ownCluster }) : openBeside(beside);
  const { connectionString, folder } = opened;
  const way = through === undefined ? null : await through(connectionString);
  const own = way === null ? null : createDatabase({ connectionString: way, report: () => undefined });
  const database = own ?? opened.database;
  const closeDatabase = async (): Promise<void> => {
    await own?.close();
    await opened.close();
  };
  let ahead = 0;
  const now = beside?.now ?? (() => new Date(Date.now() + ahead));
  const lines: string[] = [];
  const log = createLog('debug', { write: (line) => void lines.push(line) });
  const keys = await openServerKeys(database, folder, now(), hashCost);
  const { secrets } = keys;
  const authority = keys.authorities().current;
  const port = await findFreePort('127.0.0.1');
  const origin = `https://localhost:${port}`;
  const policies = await createPolicies({
    database,
    pinned: {},
    report: (problem) => log.warn({ err: problem }, 'the policy could not be read anew'),
  });
  const app = await buildApp({
    database,
    keys,
    secrets,
    policies,
    now,
    log,
    certificate: await authority.issueServer(['localhost', '127.0.0.1', '::1'], now()),
    origin,
    origins: [origin],
    version: '0.0.0',
    pages: join(folder, 'no-pages'),
    checkAnswers,
    beatMs: 500,
    seen: createSeenInMemory(),
    reports: createReportStore({ lane: database.background, now, policy: policies.active }),
  });
  await app.http.listen({ host: '127.0.0.1', port });

  const { later, close: closeLater } = createLater(log);
  const agents: Agent[] = [];
  const sender = ({ localAddress, ...options }: Identity): TestSender => {
    const agent = new Agent({
      connect: { ca: authority.certificate, timeout: 60_000, ...options },
      ...(localAddress === undefined ? {} : { localAddress }),
      keepAliveTimeout: 60_000,
      connections: 50,
    });
    agents.push(agent);
    return { agent, headers: {} };
  };
  const anyone: TestSender = { ...sender({}), headers: { origin } };

  const send: TestServer['send'] = (from, path, { method = 'GET', body, headers = {}, signal } = {}) =>
    fetch(`${origin}${path}`, {
      dispatcher: from.agent,
      ...(signal === undefined ? {} : { signal }),
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...from.headers,
        ...(headers as Record<string, string>),
      },
      ...(body === undefined ? {} : { body: isPlain(body) ? body : JSON.stringify(body) }),
    });
  const call: TestServer['call'] = async (from, name, { params = {}, query = {}, body } = {}) => {
    const row = api[name];
    const path = row.path.replaceAll(/:([a-z]+)/gi, (_, key: string) => params[key] ?? '');
    const search = new URLSearchParams(
      Object.entries(query).map(([key, value]): [string, string] => [key, String(value)]),
    );
    const method = row.method;
    const answer = await send(from, `${path}${search.size > 0 ? `?${search}` : ''}`, {
      method,
      ...(method === 'POST' ? { body: body ?? {} } : {}),
    });
    const parsed = (await answer.json()) as { failure?: { code: string } };
    return { status: answer.status, body: parsed, code: parsed.failure?.code };
  };
  return {
    port,
    origin,
    folder,
    connectionString,
    database,
    logins: database.logins,
    authority,
    keys,
    secrets,
    app,
    policies,
    deps: {
      database,
      logins: database.logins,
      keys,
      secrets,
      policy: policies.active,
      policies,
      cards: app.cards,
      now,
      log,
      push: app.hub,
      later,
      origin,
      origins: [origin],
    },
    log,
    logged: () => lines.join(''),
    takeLogged: () => lines.splice(0).join(''),
    advance: (milliseconds) => {
      ahead += milliseconds;
    },
    now,
    anyone,
    sender,
    send,
    call,
    enrol: async (name = `ward-${randomUUID().slice(0, 8)}`) => {
      const id = createUuid(now()) as TerminalId;
      const code = createTypedCode();
      await announce(database, now(), {
        id,
        name,
        place: 'third floor',
        group: '',
        codeHash: hashTypedCode(code),
        expiresAt: new Date(now().getTime() + 60_000),
        by: null,
      });
      const keys = await createKeys();
      const answered = await call(anyone, 'terminals/enrol', { body: { code, request: await createRequest(keys) } });
      if (answered.status !== 200) throw new Error(`not enrolled: ${JSON.stringify(answered.body)}`);
      const admission = answered.body as Admission;
      const key = await exportKey(keys);
      return { ...sender({ key, cert: admission.certificate }), id, admission, keys, key };
    },
    signIn: async (roles) => {
      const person = createUuid(now()) as PersonId;
      await database.query(
        `insert into person (id, number, name, roles, created_at, changed_at) values ($1, $2, 'A person', $3, $4, $4)`,
        [person, person, roles, now()],
      );
      const { token, csrf } = await insertConsoleSession(database, now(), {
        person,
        terminal: null,
        session: null,
        endsAt: new Date(now().getTime() + 3_600_000),
      });
      const headers = { origin, cookie: `__Host-kazasu=${token}`, 'x-kazasu-csrf': csrf };
      return { agent: anyone.agent, headers, person, csrf };
    },
    applyPolicy: async (changes) => {
      const document = JSON.stringify(policyOf('jp-mhlw-6.0', changes));
      await database.query(
        'insert into policy_version (number, document, at) select coalesce(max(number), 0) + 1, $1, now() from policy_version',
        [document],
      );
      await policies.refresh();
    },
    close: async () => {
      await app.close();
      await closeLater();
      await policies.close();
      await Promise.all(agents.map((agent) => agent.destroy()));
      await closeDatabase();
    },
  };
};
