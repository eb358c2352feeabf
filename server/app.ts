import { TLSSocket } from 'node:tls';
import fastifyCookie from '@fastify/cookie';
import fastify, {
  type FastifyBodyParser,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { api, type RouteName } from '#contract/api/index.ts';
import type { Row } from '#contract/api/row.ts';
import type { TerminalId } from '#contract/ids.ts';
import { createArrivals, createLeave } from './arrivals.ts';
import { createBacklog } from './backlog.ts';
import { createBatch } from './batch.ts';
import { type Cards, createCards } from './cards/cards.ts';
import { createCatchUp } from './catch-up.ts';
import type { ServerDeps } from './deps.ts';
import { sendScimFailure } from './directory/answer.ts';
import { createDirectoryDoor } from './directory/door.ts';
import { startSumming } from './event-sums.ts';
import { startExpiry } from './expiry.ts';
import { readThrown, registerGate, sendFailure } from './guard.ts';
import { startHeartbeat } from './heartbeat.ts';
import { createReadJson } from './json-body.ts';
import { startKeeper } from './keeper.ts';
import { createLater } from './later.ts';
import type { SeenKeeper } from './log-tree/seen.ts';
import { startSequencer } from './log-tree/start-sequencer.ts';
import { createBegun } from './logins/begun.ts';
import { createMetrics } from './metrics.ts';
import { createOpenApi } from './openapi.ts';
import { registerPages } from './pages.ts';
import { refuseProtocol } from './protocol.ts';
import { createHub, type Hub } from './push.ts';
import { createRefusals } from './refusals.ts';
import type { ReportStore } from './reports/report-store.ts';
import { resealAll } from './resealing.ts';
import { createTakeReturned } from './returned-certificates.ts';
import { createAccountRoutes } from './routes/accounts.ts';
import { createApprovalsRoutes } from './routes/approvals.ts';
import { createBackupRoutes } from './routes/backups.ts';
import { createCardAuthorityRoutes } from './routes/card-authorities.ts';
import { createCardRoutes } from './routes/cards.ts';
import { createChecklistRoutes } from './routes/checklist.ts';
import { createConsoleRoutes } from './routes/console.ts';
import { createDirectoryRoutes } from './routes/directory.ts';
import { createEmergencyRoutes } from './routes/emergencies.ts';
import { createEventsRoutes } from './routes/events.ts';
import type { Handlers } from './routes/handlers.ts';
import { createHealthRoutes } from './routes/health.ts';
import { createImportRoutes } from './routes/imports.ts';
import { createKeysRoutes } from './routes/keys.ts';
import { createLogRoutes } from './routes/log.ts';
import { createLoginsRoutes } from './routes/logins.ts';
import { createOverviewRoutes } from './routes/overview.ts';
import { createPeopleRoutes } from './routes/people.ts';
import { createPeriodicReviewRoutes } from './routes/periodic-reviews.ts';
import { createPoliciesRoutes } from './routes/policies.ts';
import { createReturningRoutes } from './routes/returning.ts';
import { createSavedFilterRoutes } from './routes/saved-filters.ts';
import { createScimAboutRoutes } from './routes/scim-about.ts';
import { createScimGroupRoutes } from './routes/scim-groups.ts';
import { createScimUserRoutes } from './routes/scim-users.ts';
import { createStreams, spreadOver } from './routes/streams.ts';
import { createSubstituteRoutes } from './routes/substitutes.ts';
import { createTerminalRoutes } from './routes/terminals.ts';
import { forgetProcess, markProcess } from './store/connections.ts';
import { listOpenConsoleSessions } from './store/console.ts';
import type { Database } from './store/database.ts';
import { type AdmittedTerminal, findAdmitted } from './store/terminals.ts';
import { createUuid } from './store/uuid.ts';
import type { Authorities } from './tls/authorities.ts';
import type { KeyAndCertificate } from './tls/authority.ts';
import { readClientCertificate } from './tls/client-certificate.ts';
import { paceHandshakes } from './tls/handshakes.ts';
import { leastTls } from './tls/least.ts';

export interface AppDeps extends Omit<ServerDeps, 'push' | 'policy' | 'later' | 'database' | 'logins' | 'cards'> {
  readonly database: Database;
  readonly certificate: KeyAndCertificate;
  readonly version: string;
  /** Folder of the built console. */
  readonly pages: string;
  readonly checkAnswers: boolean;
  /** Time between two beats of a stream. */
  readonly beatMs: number;
  readonly reports: ReportStore;
  /** What was signed of the log last, kept outside of the database. */
  readonly seen: SeenKeeper;
}

export interface App {
  readonly http: FastifyInstance;
  readonly hub: Hub;
  readonly cards: Cards;
  /** Shows this certificate to new connections, and takes those of the authorities of now from them. */
  takeCertificate(certificate: KeyAndCertificate): void;
  /** Resolves when every tap and every refusal so far is written. */
  settled(): Promise<void>;
  /** Resolves when every line of the log that is written has its place and is signed for. */
  placed(): Promise<void>;
  /** Resolves when every line of the log that is written is counted for charts and reports. */
  summed(): Promise<void>;
  /** Lets terminals know what they are to trust now, cuts those of authorities that are no more, and seals anew. */
  keysChanged(): void;
  /** Answers what it was asked, ends its streams, and lets the database go on. */
  close(): Promise<void>;
}

const loopback = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

const secureContext = ({ key, certificate }: KeyAndCertificate, { bundle, between }: Authorities) => ({
  key,
  cert: between === undefined ? certificate : `${certificate}\n${between}`,
  ca: bundle,
  minVersion: leastTls,
});

/** The whole server apart from listening, environment and signals. */
export const buildApp = async (given: AppDeps): Promise<App> => {
  const { background, people, logins } = given.database;
  const process = createUuid(given.now());
  await markProcess(given.database, given.now(), process);
  const hub = await createHub(given.database, given.secrets, given.now, (sessions) =>
    listOpenConsoleSessions(background, given.now(), given.policies.active().console, sessions),
  );
  const { later, close: closeLater } = createLater(given.log);
  const cards = await createCards(given);
  cards.authorities.onChange(() => {
    for (const stream of hub.streams()) stream.renewNonce();
  });
  const deps = { ...given, logins, policy: given.policies.active, cards, push: hub, hub, later, background, process };
  hub.onMissed(createCatchUp(deps));
  const atConsole = { ...deps, database: people };
  const begun = createBegun({ ...deps, database: background });
  const closing = new AbortController();
  const backlog = createBacklog();
  const { giveWay } = backlog;
  const sequencer = await startSequencer({ ...given, background, rings: given.keys.rings, giveWay });
  const summing = await startSumming({ ...given, background, giveWay });
  let { certificate: shown } = given;
  let told = given.keys.trust().trustVersion;
  const resealLater = (): void => later(0, () => resealAll({ ...given, database: background }, closing.signal));
  const handlers: Handlers = {
    ...createHealthRoutes(deps),
    ...createTerminalRoutes({ ...deps, people, backlog }),
    ...createReturningRoutes({ ...deps, database: background }),
    ...createLoginsRoutes(deps, begun),
    ...createPeopleRoutes(atConsole),
    ...createConsoleRoutes(atConsole),
    ...createEventsRoutes(atConsole),
    ...createSavedFilterRoutes(atConsole),
    ...createPoliciesRoutes(atConsole),
    ...createAccountRoutes(atConsole),
    ...createApprovalsRoutes(atConsole),
    ...createCardRoutes(atConsole),
    ...createSubstituteRoutes(atConsole),
    ...createEmergencyRoutes(atConsole),
    ...createImportRoutes(atConsole),
    ...createDirectoryRoutes(atConsole),
    ...createScimAboutRoutes(deps),
    ...createScimUserRoutes(atConsole),
    ...createScimGroupRoutes(atConsole),
    ...createKeysRoutes({ ...atConsole, shown: () => shown }),
    ...createCardAuthorityRoutes(atConsole),
    ...createPeriodicReviewRoutes({ ...atConsole, halted: sequencer.halted }),
    ...createChecklistRoutes({ ...atConsole, halted: sequencer.halted }),
    ...createLogRoutes({ ...atConsole, halted: sequencer.halted }),
    ...createBackupRoutes(atConsole),
    ...createOverviewRoutes({ ...atConsole, shown: () => shown, halted: sequencer.halted }),
  };
  const refusals = createRefusals({ ...given, database: background });
  const refuseUnknown = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const scim = request.url.startsWith('/scim/');
    if (scim || request.url.startsWith('/v1/')) {
      const sent = { call: 'unknown', address: request.ip, terminal: null, person: null };
      refusals.note({ code: 'REQUEST_UNKNOWN', ...sent });
    }
    return (scim ? sendScimFailure : sendFailure)(reply, { code: 'REQUEST_UNKNOWN' });
  };
  const http = fastify({
    // The check is in the gate: browsers without a certificate use the same port.
    https: {
      ...secureContext(given.certificate, given.keys.authorities()),
      requestCert: true,
      rejectUnauthorized: false,
      headersTimeout: 10_000,
      handshakeTimeout: 10_000,
      pauseOnConnect: true,
    },
    loggerInstance: given.log.child({}, { level: 'warn' }),
    logController: new LogController({ disableRequestLogging: true }),
    // Each request would have a logger made for it that hardly any uses.
    childLoggerFactory: (logger) => logger,
    trustProxy: false,
    requestTimeout: 30_000,
    keepAliveTimeout: 120_000,
    routerOptions: { maxParamLength: 100 },
    // A path that cannot be decoded, or with a member that is longer than any of ours, is one that is not there.
    frameworkErrors: (_problem, request, reply) => void refuseUnknown(request as FastifyRequest, reply as FastifyReply),
    clientErrorHandler: (problem, socket) => {
      const { remoteAddress: address } = socket;
      const code = refuseProtocol(problem, socket);
      if (code === undefined || address === undefined) return;
      refusals.note({
        code,
        call: 'unknown',
        address,
        terminal: null,
        person: null,
        why: 'protocol',
      });
    },
    forceCloseConnections: 'idle',
  }) as unknown as FastifyInstance;
  const stopPacing = paceHandshakes(http.server);
  const admitted = createBatch<TerminalId, AdmittedTerminal | undefined>({
    run: async (terminals) => {
      const found = await findAdmitted(logins, terminals);
      return terminals.map((terminal) => found.get(terminal));
    },
    lanes: 1,
    largest: 500,
  });
  const metrics = createMetrics(() => hub.streaming().length);

  http.removeContentTypeParser('text/plain');
  const readJson = createReadJson(http.getDefaultJsonParser('error', 'error'));
  /** Whoever sends nothing may say of what type it is, as some do with every request. */
  const parseAny: FastifyBodyParser<Buffer> = (request, body, done) => {
    const { call } = request.routeOptions.config as { call?: RouteName };
    const row: Row | undefined = call && api[call];
    if (body.length === 0 && row !== undefined && row.body === undefined) return done(null, undefined);
    // Its handler has it read.
    if (row?.readsLate === true) return done(null, body);
    try {
      return done(null, readJson(request, body));
    } catch (problem) {
      return done(problem as Error, undefined);
    }
  };
  http.addContentTypeParser(['application/json', 'application/scim+json'], { parseAs: 'buffer' }, parseAny);
  await http.register(fastifyCookie);
  http.addHook('onResponse', async (request, reply) => {
    const { call } = request.routeOptions.config as { call?: string };
    metrics.observe(call ?? 'page', reply.statusCode, reply.elapsedTime / 1000);
  });
  http.setNotFoundHandler(refuseUnknown);
  http.setErrorHandler(async (problem, request, reply) => {
    const failure = readThrown(problem) ?? { code: 'INTERNAL' as const };
    if (failure.code === 'INTERNAL') request.log.error({ err: problem }, 'a request ended with a bug');
    return sendFailure(reply, failure);
  });
  registerPages(http, given.pages);
  const streams = createStreams({ ...deps, arrivals: createArrivals(deps), leave: createLeave(deps, later) });
  const directoryDoor = createDirectoryDoor({ ...given, database: people });
  registerGate(http, handlers, streams, {
    ...deps,
    people,
    readJson,
    findAdmitted: admitted.add,
    takeReturned: createTakeReturned(deps),
    refusals,
    metrics,
    directoryDoor,
  });
  const openApi = createOpenApi(given.version);
  http.get('/openapi.json', async (_request, reply) => reply.type('application/json').send(openApi));
  http.get('/v1/metrics', async (request, reply) => {
    if (!loopback.has(request.ip)) return sendFailure(reply, { code: 'REQUEST_FOREIGN' });
    return reply.type(metrics.contentType).send(await metrics.show());
  });
  const stops = [startHeartbeat(deps), startExpiry({ ...deps, database: background }), startKeeper(deps)];
  resealLater();
  return {
    http,
    hub,
    cards,
    takeCertificate: (certificate) => {
      const server = http.server as unknown as { setSecureContext(options: object): void };
      server.setSecureContext(secureContext(certificate, given.keys.authorities()));
      shown = certificate;
    },
    keysChanged: () => {
      const authorities = given.keys.authorities();
      const trust = given.keys.trust();
      if (trust.trustVersion !== told) {
        hub.pushHere(null, { kind: 'trust', trust, spreadSeconds: spreadOver(hub) });
      }
      told = trust.trustVersion;
      hub.cutUnless((socket) => {
        const held = socket instanceof TLSSocket ? readClientCertificate(socket, authorities) : 'none';
        return typeof held !== 'string' && authorities.has(held.authority);
      });
      resealLater();
    },
    settled: async () => {
      await Promise.all([begun.settled(), refusals.settled()]);
    },
    placed: sequencer.run,
    summed: summing.run,
    close: async () => {
      closing.abort();
      for (const stop of stops) stop();
      stopPacing();
      await hub.close();
      // A connection whose last answer goes out only now is not idle yet.
      const idle = setInterval(() => http.server.closeIdleConnections(), 50);
      const patience = setTimeout(() => http.server.closeAllConnections(), 5000);
      await http.close();
      clearInterval(idle);
      clearTimeout(patience);
      await begun.close();
      await refusals.settled();
      await cards.authorities.close();
      await closeLater();
      await summing.close();
      await sequencer.close();
      await forgetProcess(given.database, given.now(), process).catch(() => undefined);
    },
  };
};
