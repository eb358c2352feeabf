/** An uplink for tests, with a real server that answers as the test says. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pushed } from '#contract/api/terminals.ts';
import { eventFacts, type JournalRecord } from '#contract/audit.ts';
import { firstPrevious, sealRecord } from '#core/audit/chain.ts';
import type { Link, LoginEvent } from '#core/login/state.ts';
import { createClock } from './clock.ts';
import { createLog } from './log.ts';
import { openPosition, type Position } from './position.ts';
import { createServers } from './servers.ts';
import { type Heard, hello, ok, startTestServer, type TestServer } from './test-server.ts';
import { createUplink, type Uplink, type UplinkDeps } from './uplink.ts';

export const log = createLog({ level: 'error', now: () => new Date(), write: () => undefined });
const evidence = {
  technology: 'felica',
  identifier: '0102030405060708',
  systemCode: 'FE00',
  assurance: 'identifier',
} as const;
const lock = randomUUID();

export interface TestUplink {
  uplink: Uplink;
  readonly server: TestServer;
  readonly position: Position;
  readonly positionPath: string;
  events: LoginEvent[];
  /** What lies on the disk of the terminal. */
  stillThere: readonly JournalRecord[];
  readonly keptTrust: string[];
  /** Whether what is to be trusted can be kept. */
  isDurable: boolean;
  readonly spreads: number[];
  lapses: number;
  /** Ends the uplink and makes another one, of a server with these processes besides. */
  again(...others: readonly string[]): Promise<void>;
  /** Resolves when what the terminal has heard fulfils this. */
  until(holds: () => boolean): Promise<void>;
  links(): readonly Link[];
  asked(path: string): readonly Heard[];
  connect(said?: Pushed): Promise<void>;
  /** Asks for what a card that enters asks for. */
  begin(options?: { readonly limit?: number }): ReturnType<typeof callBegin>;
  stop(): Promise<void>;
}

const callBegin = (uplink: Uplink, options = {}) =>
  uplink.call('attempts/begin', { body: { lock: lock as never, card: evidence } }, options);

/** `silence`: milliseconds after which a stream that says nothing is lost. */
export async function createTestUplink(change: Pick<UplinkDeps, 'silence'> = {}): Promise<TestUplink> {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-uplink-'));
  const positionPath = join(folder, 'position.json');
  const position = await openPosition(positionPath, log);
  const server = await startTestServer();
  server.on('/v1/health', () => ok({ status: 'ok', version: '1', serverTime: '2026-11-22T06:00:00.000Z' }));
  let changed = Promise.withResolvers<void>();
  const tell = (): void => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const make = (others: readonly string[]): Uplink =>
    createUplink({
      servers: createServers([server.origin, ...others], () => 0),
      clock: createClock({
        steady: () => performance.timeOrigin + performance.now(),
        wall: Date.now,
        onWrong: () => undefined,
      }),
      upTime: () => performance.now(),
      position,
      rereadJournal: async () => ({ records: at.stillThere, isWhole: true }),
      onMissing: () => assert.fail(),
      revocationsPath: join(folder, 'revocations.json'),
      onNonce: () => undefined,
      onEvent: (event) => {
        at.events.push(event);
        tell();
      },
      keepTrust: async (trust) => {
        at.keptTrust.push(trust.trustVersion);
        tell();
        return at.isDurable;
      },
      onLapsed: () => {
        at.lapses += 1;
      },
      onTrust: (seconds) => void at.spreads.push(seconds),
      log,
      ...change,
    });
  const at: TestUplink = {
    uplink: make([]),
    server,
    position,
    positionPath,
    events: [],
    stillThere: [],
    keptTrust: [],
    isDurable: true,
    spreads: [],
    lapses: 0,
    again: async (...others) => {
      await at.uplink.stop();
      at.uplink = make(others);
    },
    until: async (holds) => {
      while (!holds()) await changed.promise;
    },
    links: () => at.events.flatMap((event) => (event.kind === 'link-changed' ? [event.link] : [])),
    asked: (path) => server.heard.filter((one) => one.path === path),
    connect: async (said = hello) => {
      const before = at.asked('/v1/terminals/stream').length;
      at.uplink.use(server.identity);
      await server.until(() => at.asked('/v1/terminals/stream').length > before);
      server.push(said);
      await at.until(() => at.links().includes('online'));
    },
    begin: (options) => callBegin(at.uplink, options),
    stop: async () => {
      await at.uplink.stop();
      await server.stop();
      await position.settled();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return at;
}

/** A journal of so many records. */
export function recordsOf(count: number, epoch = randomUUID()): JournalRecord[] {
  const records: JournalRecord[] = [];
  for (let sequence = 1; sequence <= count; sequence += 1) {
    const facts = eventFacts.parse({ kind: 'link.lost', outcome: 'minor', reason: String(sequence) });
    const previous = records.at(-1)?.hash ?? firstPrevious;
    records.push(sealRecord({ epoch, sequence, previous, at: '2026-11-22T06:00:00Z', facts }));
  }
  return records;
}
