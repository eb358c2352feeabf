import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Logger, pino } from 'pino';
import { buildApp } from './app.ts';
import { letBackgroundThreadsYield } from './background-threads.ts';
import { type Config, listOrigins, parseConfig } from './config.ts';
import { NotWithdrawn, withdrawRoles } from './directory/withdraw.ts';
import { announceFirstTerminal } from './first-terminal.ts';
import { findFreePort } from './free-port.ts';
import { usualBeat } from './heartbeat.ts';
import { authorityFileIn, openServerKeys, writeAuthorityFile } from './held-keys.ts';
import { startKeyWatch } from './key-watch.ts';
import { createLog, describeBug } from './log.ts';
import { createSeenFile } from './log-tree/seen.ts';
import { createPolicies, PolicyProblems } from './policies.ts';
import { startReportThreads } from './reports/report-threads.ts';
import { createDatabase } from './store/database.ts';
import { EmbeddedDatabaseProblem, startEmbedded } from './store/embedded.ts';
import { renewEventIndexes } from './store/event-indexes.ts';
import { record } from './store/events.ts';
import { createFirstAdminInvitation } from './store/invitations.ts';
import { ForeignKeys } from './store/key-marks.ts';
import { migrate } from './store/migrate.ts';
import { HalfRestored, refuseHalfRestored } from './store/restoring.ts';
import { startCertificateWatch } from './tls/certificate-watch.ts';
import { openServerCertificate } from './tls/server-certificate.ts';
import { version } from './version.ts';

const second = 1000;
const hour = 60 * 60 * second;
const now = (): Date => new Date();
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** What has been started, stopped in reverse. A failed start stops what was there. */
const stops: (() => Promise<void> | void)[] = [];
const stopAll = async (): Promise<void> => {
  for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) {
    await Promise.resolve(stop()).catch((problem: unknown) => say(`while stopping: ${problem}`));
  }
};

/** What an operator can put right, in their words. */
class StartProblem extends Error {}

const openDatabaseUrl = async ({ databaseUrl, dataFolder }: Config, log: Logger): Promise<string> => {
  if (databaseUrl !== undefined) return databaseUrl;
  const embedded = await startEmbedded(dataFolder, (what) => log.warn(what));
  stops.push(embedded.stop);
  return embedded.nearest;
};

/** Brought up to date, unless a restore was cut short in it. */
const openWhole = async (connectionString: string, say: (line: string) => void): Promise<void> => {
  await refuseHalfRestored(connectionString);
  await migrate(connectionString, say);
};

const start = async (config: Config): Promise<void> => {
  const dataFolder = resolve(config.dataFolder);
  // As root the database runs as another user and must pass through; every file inside has its own mode.
  await mkdir(dataFolder, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  const log = createLog(config.logLevel, pino.destination({ dest: 2, sync: true }));
  const connectionString = await openDatabaseUrl(config, log);
  await openWhole(connectionString, (line) => log.debug({ line }, 'migration')).catch((problem: unknown) => {
    if (problem instanceof HalfRestored) throw new StartProblem(problem.message);
    const { code, message } = problem as NodeJS.ErrnoException;
    const { host, pathname } = new URL(connectionString);
    if (code === undefined) throw problem;
    throw new StartProblem(`the database ${host}${pathname} cannot be used (${code}): ${message}`);
  });
  const database = createDatabase({
    connectionString,
    report: (problem) => log.warn({ err: problem }, 'a database connection was lost'),
  });
  stops.push(database.close);
  const keys = await openServerKeys(database, dataFolder, now());
  const { secrets } = keys;
  const openCertificate = () => openServerCertificate(dataFolder, keys.authorities().current, config.names, now());
  let certificate = await openCertificate();
  const policies = await createPolicies({
    database,
    pinned: config.pinned,
    report: (problem) => log.warn({ err: problem }, 'the policy could not be read anew'),
  });
  stops.push(policies.close);

  const reports = startReportThreads({
    connectionString,
    policy: policies.active,
    report: (problem) => log.warn({ err: problem }, 'a database connection was lost'),
  });
  stops.push(reports.close);
  database.onAway(reports.setAway);

  const port = config.port === 0 ? await findFreePort(config.host) : config.port;
  const origins = listOrigins(config, port);
  const [origin] = origins;
  const app = await buildApp({
    database,
    keys,
    secrets,
    policies,
    now,
    log,
    certificate,
    origin,
    origins,
    version,
    pages: fileURLToPath(new URL('../dist/console', import.meta.url)),
    checkAnswers: false,
    beatMs: usualBeat,
    seen: createSeenFile(dataFolder),
    reports,
  });
  stops.push(app.close);
  // Before it takes a request: a rotation does not wait for a process that it does not know.
  stops.push(
    await startKeyWatch({
      dataFolder,
      database,
      keys,
      now,
      log,
      onTaken: async () => {
        writeAuthorityFile(dataFolder, keys);
        certificate = await openCertificate();
        app.takeCertificate(certificate);
        app.keysChanged();
      },
      everyMs: second,
    }),
  );
  letBackgroundThreadsYield();
  const stopping = new AbortController();
  const renewing = renewEventIndexes(connectionString, stopping.signal).then(
    (renewed) => (renewed ? log.info('indexes of the log were replaced') : undefined),
    (problem: unknown) =>
      stopping.signal.aborted
        ? undefined
        : log.warn({ err: problem }, 'indexes of the log are replaced at the next start'),
  );
  stops.push(() => {
    stopping.abort();
    return renewing;
  });
  try {
    await app.http.listen({ host: config.host, port });
  } catch (problem) {
    throw (problem as NodeJS.ErrnoException).code === 'EADDRINUSE'
      ? new StartProblem(
          `port ${config.port} on ${config.host} is taken; end the other program or choose another port: KAZASU_PORT=8444`,
        )
      : problem;
  }
  stops.push(
    startCertificateWatch({
      database,
      authority: () => keys.authorities().current,
      names: config.names,
      shown: () => certificate,
      renew: async () => {
        certificate = await openCertificate();
        app.takeCertificate(certificate);
      },
      now,
      log,
      everyMs: hour,
    }),
  );

  await database.transaction((tx) =>
    record(tx, now(), { kind: 'server.started', outcome: 'success', detail: { version } }),
  );
  stops.push(async () => {
    await database.transaction((tx) => record(tx, now(), { kind: 'server.stopped', outcome: 'success' }));
  });
  // The environment may pin another policy than the one under which groups were given their roles.
  const own = { actor: null, terminal: null, detail: {} };
  await database
    .transaction((tx) => withdrawRoles(tx, now(), policies.active().directory.roles, own))
    .catch((problem: unknown) => {
      if (!(problem instanceof NotWithdrawn)) throw problem;
      log.warn({ code: problem.failure.code }, 'a role that directories may not give stays with the last admin');
    });
  const code = await createFirstAdminInvitation(database, secrets, now());
  const firstAdmin = code === null ? null : `${origin}/console/#invitation=${code}`;
  const firstTerminal =
    config.firstTerminal === undefined ? null : await announceFirstTerminal(database, now(), config.firstTerminal);
  const ready = { ready: true, origin, authority: authorityFileIn(dataFolder), firstAdmin, firstTerminal };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  say(`Kazasu server ${version} is ready at ${origin} (authority: ${authorityFileIn(dataFolder)})`);
  if (firstAdmin !== null) say(`No admin yet. Open this link once, within its day, to become the first: ${firstAdmin}`);
};

let ending = false;
const end = async (code: number): Promise<void> => {
  if (ending) return;
  ending = true;
  setTimeout(() => process.exit(code === 0 ? 1 : code), 25_000).unref();
  await stopAll();
  process.exit(code);
};

const main = async (): Promise<void> => {
  const parsed = parseConfig(process.env);
  if ('problems' in parsed) {
    say(['The settings cannot be used:', ...parsed.problems.map((problem) => `  ${problem}`)].join('\n'));
    process.exit(2);
  }
  const { config } = parsed;
  process.on('SIGTERM', () => void end(0));
  process.on('SIGINT', () => void end(0));
  for (const bug of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(bug, (problem) => {
      say(`The server ends on a bug: ${describeBug(problem)}`);
      void end(1);
    });
  }
  if (config.hasParent) {
    process.on('disconnect', () => void end(0));
    process.stdin.on('end', () => void end(0)).on('error', () => void end(0));
    process.stdin.resume();
  }
  try {
    await start(config);
  } catch (problem) {
    const known =
      problem instanceof StartProblem ||
      problem instanceof PolicyProblems ||
      problem instanceof EmbeddedDatabaseProblem ||
      problem instanceof ForeignKeys;
    say(`The server did not start: ${known ? problem.message : describeBug(problem)}`);
    await end(1);
  }
};

await main();
