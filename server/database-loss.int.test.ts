import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import type { Answer } from '#contract/api/index.ts';
import type { Pushed } from '#contract/api/terminals.ts';
import type { JournalRecord } from '#contract/audit.ts';
import { firstPrevious, sealRecord } from '#core/audit/chain.ts';
import { type Answered, startTestServer, type TestServer, type TestTerminal } from './testing.ts';
import { begin, type Clinician, logIn, makeClinician } from './testing-login.ts';
import { startTestProxy, type TestProxy } from './testing-proxy.ts';
import { openStream } from './testing-stream.ts';

type Told = Extract<Pushed, { kind: 'revocation' }>;
type Hello = Extract<Pushed, { kind: 'hello' }>;

let server: TestServer;
let network: TestProxy;
let terminal: TestTerminal;
let clinician: Clinician;
/** Past the network. */
let direct: string;
before(async () => {
  server = await startTestServer({
    ownCluster: true,
    through: async (connectionString) => {
      direct = connectionString;
      const url = new URL(connectionString);
      network = await startTestProxy(Number(url.port));
      url.port = String(network.port);
      return url.href;
    },
  });
  terminal = await server.enrol();
  clinician = await makeClinician(server, { totp: false });
});
after(async () => {
  await server.close();
  await network.close();
});

/** An answer and how long it took (milliseconds). */
const timed = async (ask: () => Promise<Answered>): Promise<Answered & { readonly took: number }> => {
  const since = performance.now();
  return { ...(await ask()), took: performance.now() - since };
};
const tap = () => timed(() => begin(server, terminal, clinician.evidence));
const isBusy = ({ status, body }: Answered): boolean => {
  const { failure } = body as { failure?: { code: string; retryAfterSeconds?: number } };
  return status === 503 && failure?.code === 'SERVER_BUSY' && (failure.retryAfterSeconds ?? 0) >= 1;
};
/** Until everything works again; the time that took. */
const recovered = async (): Promise<number> => {
  const since = performance.now();
  for (;;) {
    const answered = await tap();
    if (answered.status === 200) {
      await logIn(server, terminal, clinician);
      return performance.now() - since;
    }
    assert.ok(isBusy(answered), JSON.stringify(answered));
    assert.ok(performance.now() - since < 15_000, 'it did not come back');
    await wait(50);
  }
};
/** Asks of all sorts at once, again and again, while the fault lasts; each must be answered, well or as busy. */
const askAll = async (fault: () => Promise<unknown>): Promise<(Answered & { took: number })[]> => {
  const answers: (Answered & { took: number })[] = [];
  const admin = await server.signIn(['admin']);
  let lasts = true;
  const asks = [
    tap,
    tap,
    () => timed(() => server.call(admin, 'people/list', { query: { limit: 10 } })),
    () => timed(() => server.call(admin, 'events/list', { query: { limit: 10 } })),
    () => timed(() => server.call(server.anyone, 'server/health')),
  ];
  const askers = asks.map(async (ask) => {
    while (lasts) {
      answers.push(await ask());
      await wait(20);
    }
  });
  await fault();
  lasts = false;
  await Promise.all(askers);
  return answers;
};

describe('a database that cannot be reached', () => {
  const faults = {
    'whose connections are cut and refused': async () => {
      await network.close();
      await wait(1500);
      await network.open();
    },
    'behind a network that swallows everything': async () => {
      network.pause();
      await wait(4000);
      network.cut();
      network.resume();
    },
    'whose connections are cut again and again': async () => {
      for (let times = 0; times < 10; times += 1) {
        network.cut();
        await wait(150);
      }
    },
  } as const;
  for (const [name, fault] of Object.entries(faults)) {
    test(`${name}: each request is answered soon, and all is well by itself afterwards`, async () => {
      const answers = await askAll(fault);
      for (const answered of answers) {
        assert.ok(answered.status === 200 || isBusy(answered), `${answered.status} ${JSON.stringify(answered.body)}`);
        assert.ok(answered.took < 6500, `an answer took ${answered.took} ms`);
      }
      assert.ok(answers.some(isBusy), 'something was refused');
      assert.ok((await recovered()) < 10_000);
    });
  }

  test('is not told to terminals as a server that hears it: they get no beat, and find it when it is back', async () => {
    const stream = await openStream(server, terminal, `/v1/terminals/stream?after=0&clock=${server.now().getTime()}`);
    const isBeat = ({ kind }: { kind?: string }) => kind === 'beat';
    await stream.next(isBeat);
    await network.close();
    await wait(1500);
    const before = stream.events.filter(isBeat).length;
    await wait(1500);
    assert.equal(stream.events.filter(isBeat).length, before);
    await network.open();
    await stream.next(isBeat);
    stream.close();
    await recovered();
  });
});

test('a database that comes back without a revocation that was pushed gives its number to no other one, each time', async () => {
  const [gone, next, last] = [await makeClinician(server), await makeClinician(server), await makeClinician(server)];
  const revoke = async ({ card }: Clinician): Promise<number> => {
    const admin = await server.signIn(['admin', 'helpdesk']);
    const answered = await server.call(admin, 'cards/revoke', { params: { card }, body: { reason: 'lost' } });
    assert.equal(answered.status, 200, JSON.stringify(answered.body));
    return (answered.body as Answer<'cards/revoke'>).revocation;
  };
  const open = async (after: number) => {
    const path = `/v1/terminals/stream?after=${after}&clock=${server.now().getTime()}`;
    const stream = await openStream(server, terminal, path);
    return { stream, hello: await stream.next<Hello>(({ kind }) => kind === 'hello') };
  };
  const alarms = async (): Promise<number[]> => {
    const lines = await server.database.query<{ detail: { pushed: number } }>(
      `select detail from event where kind = 'log.rolled-back' order by seq`,
    );
    return lines.map(({ detail }) => detail.pushed);
  };
  /** A stream that knows of nothing above hears of it as it is issued. */
  const hear = async (clinician: Clinician, after: number) => {
    const opened = await open(after);
    const number = await revoke(clinician);
    const isIt = (told: object): boolean =>
      (told as Told).kind === 'revocation' && (told as Told).order.number === number;
    return { ...opened, ...(await opened.stream.next<Told>(isIt)), number };
  };
  /** What takes over never got it. */
  const lose = async ({ number, stream }: Awaited<ReturnType<typeof hear>>, { card }: Clinician): Promise<void> => {
    await network.close();
    const client = new pg.Client({ connectionString: direct });
    await client.connect();
    await client.query('set session_replication_role = replica');
    await client.query('delete from revocation where number = $1', [number]);
    await client.query(
      `update card set state = 'active', revoked_at = null, revoked_by = null, reason = null where id = $1`,
      [card],
    );
    await client.end();
    await network.open();
    await recovered();
    await stream.ended;
  };
  await recovered();
  const first = await hear(gone, 0);
  await lose(first, gone);
  assert.deepEqual(await alarms(), [first.number]);
  const second = await hear(next, first.number);
  assert.ok(second.number > 1_000_000, `${second.number} after ${first.number}`);
  await lose(second, next);
  // That nothing more is lost is no loss.
  network.cut();
  await recovered();
  const third = await hear(last, second.number);
  assert.ok(third.number > second.number + 1_000_000, `${third.number} after ${second.number}`);
  assert.deepEqual(await alarms(), [first.number, second.number]);

  const isLost = (number: number): boolean | undefined =>
    third.hello.lostRevocations?.some(({ after, upTo }) => after < number && number <= upTo);
  assert.ok(isLost(first.number) && isLost(second.number));
  for (const { evidence } of [gone, next])
    assert.equal((await begin(server, terminal, evidence)).status, 200, 'the server does not know it any more');
  const orders = [first.order, second.order];
  await server.call(terminal, 'terminals/return-revocations', { body: { orders } });
  for (const { evidence } of [gone, next]) assert.equal((await begin(server, terminal, evidence)).code, 'CARD_REFUSED');
  third.stream.close();
});

const started: JournalRecord['facts'] = { kind: 'guard.started', outcome: 'success', factors: [], detail: {} };

/** Uses the server as terminals do and remembers what it was told is done, until it is stopped. */
const drive = (own: TestTerminal, person: Clinician) => {
  const acknowledged: { sessions: string[]; records: { epoch: string; sequence: number }[]; ended: string[] } = {
    sessions: [],
    records: [],
    ended: [],
  };
  const epoch = randomUUID();
  let last: JournalRecord | undefined;
  let going = true;
  const report = async (): Promise<void> => {
    const sequence = (last?.sequence ?? 0) + 1;
    const at = new Date().toISOString();
    const record = sealRecord({ epoch, sequence, previous: last?.hash ?? firstPrevious, at, facts: started });
    // The same record until it is taken, as a terminal does.
    while (going) {
      const answered = await server.call(own, 'terminals/report', { body: { records: [record] } }).catch(() => null);
      if (answered?.status === 200) {
        acknowledged.records.push({ epoch, sequence });
        last = record;
        return;
      }
      await wait(30);
    }
  };
  const use = async (): Promise<void> => {
    const opened = await logIn(server, own, person).catch(() => null);
    if (opened === null) return void (await wait(30));
    acknowledged.sessions.push(opened.session);
    const ending = {
      params: { session: opened.session },
      body: { reason: 'button', endedAt: new Date().toISOString() },
    };
    const answered = await server.call(own, 'sessions/end', ending).catch(() => null);
    if (answered?.status === 200) acknowledged.ended.push(opened.session);
  };
  const run = (async () => {
    while (going) await Promise.all([use(), report()]);
  })();
  return {
    acknowledged,
    stop: async () => {
      going = false;
      await run;
    },
  };
};

test('no acknowledged write is lost when PostgreSQL is killed under load, and it comes back by itself', async () => {
  const drivers = await Promise.all(
    Array.from({ length: 4 }, async () => drive(await server.enrol(), await makeClinician(server, { totp: false }))),
  );
  const cluster = join(server.folder, 'postgres/cluster/postmaster.pid');
  for (let kills = 0; kills < 3; kills += 1) {
    const before = drivers.map(({ acknowledged }) => acknowledged.sessions.length);
    await wait(1500);
    const postmaster = Number((await readFile(cluster, 'utf8')).split('\n')[0]);
    process.kill(postmaster, 'SIGKILL');
    const since = performance.now();
    // Every driver gets on again.
    const target = drivers.map(({ acknowledged }) => acknowledged.sessions.length);
    while (drivers.some(({ acknowledged }, place) => acknowledged.sessions.length <= (target[place] ?? 0))) {
      assert.ok(performance.now() - since < 30_000, 'it did not come back');
      await wait(20);
    }
    assert.ok(drivers.every(({ acknowledged }, place) => acknowledged.sessions.length > (before[place] ?? 0)));
  }
  await Promise.all(drivers.map(({ stop }) => stop()));
  await recovered();
  const ids = async (text: string): Promise<Set<string>> =>
    new Set((await server.database.background.query<{ id: string }>(text)).map(({ id }) => id));
  const stored = {
    sessions: await ids('select id from session'),
    ended: await ids('select id from session where ended_at is not null'),
    began: await ids("select session as id from event where kind = 'session.began'"),
    records: await ids("select epoch || ' ' || sequence as id from event where epoch is not null"),
  };
  const twice = await server.database.background.query(
    'select epoch, sequence from event where epoch is not null group by epoch, sequence having count(*) > 1',
  );
  assert.deepEqual(twice, []);
  let count = 0;
  for (const { acknowledged } of drivers) {
    for (const session of acknowledged.sessions) {
      assert.ok(stored.sessions.has(session) && stored.began.has(session), `session ${session} is lost`);
    }
    for (const session of acknowledged.ended) assert.ok(stored.ended.has(session), `the end of ${session} is lost`);
    for (const { epoch, sequence } of acknowledged.records) {
      assert.ok(stored.records.has(`${epoch} ${sequence}`), `record ${sequence} is lost`);
    }
    count += acknowledged.sessions.length + acknowledged.records.length;
  }
  assert.ok(count > 50, `only ${count} writes were acknowledged`);
});
