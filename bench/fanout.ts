import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { issueRevocation } from '#server/store/revocations.ts';
import { type Figure, figure, percentile } from './figure.ts';
import { admitFleet } from './fleet.ts';
import { processorSeconds } from './process-tree.ts';
import type { ServerAlone } from './server-alone.ts';
import type { ClientsToRun, FromClients, ToClients } from './stream-clients.ts';
import { createTapper, type Tapper } from './tapper.ts';

const milliseconds = (from: bigint, to: bigint): number => Number(to - from) / 1e6;
/** Resident memory of one process (KiB). */
const residentOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN);

const say = (text: string): void => void process.stderr.write(`  ${text}\n`);

async function startClients(path: string) {
  const child = fork(join(import.meta.dirname, 'stream-clients.ts'), [path]);
  const next = <Kind extends FromClients['kind']>(kind: Kind) =>
    new Promise<Extract<FromClients, { kind: Kind }>>((resolve, reject) => {
      const hear = (message: FromClients): void => {
        if (message.kind !== kind) return;
        child.off('message', hear).off('exit', fail);
        resolve(message as Extract<FromClients, { kind: Kind }>);
      };
      const fail = (code: number | null): void => reject(new Error(`the clients ended: ${code}`));
      child.on('message', hear).once('exit', fail);
    });
  await next('ready');
  return {
    next,
    say: (message: ToClients) => void child.send(message),
    stop: () =>
      new Promise<void>((resolve) => {
        child.once('exit', () => resolve());
        child.disconnect();
      }),
  };
}

/**
 * So many terminals with streams on one server: how soon all of them have a revocation, what a stream costs while nothing
 * happens, and with `herd` how soon all are back when every connection was lost at once, while somebody logs in.
 */
export async function measureFanout(
  alone: ServerAlone,
  { count, rounds, herd }: { readonly count: number; readonly rounds: number; readonly herd: boolean },
): Promise<Figure[]> {
  const server = alone.house.process.pid();
  if (server === undefined) throw new Error('the server is gone');
  say(`admitting ${count} terminals`);
  const terminals = await admitFleet(alone, count);
  const path = join(alone.folder, 'fleet.json');
  const run: ClientsToRun = { port: alone.port, authority: alone.authority.certificate, terminals };
  writeFileSync(path, JSON.stringify(run), { mode: 0o600 });
  const tapper = await createTapper(alone);
  const clients = await startClients(path);
  try {
    for (let tap = 0; tap < 50; tap += 1) await tapper.tap();
    const before = residentOf(server);
    say('connecting');
    const connecting = clients.next('connected');
    clients.say({ kind: 'connect', within: count * 5 });
    await connecting;
    await delay(15_000);
    const resident = residentOf(server) - before;

    const cpuBefore = processorSeconds(server);
    await delay(20_000);
    const cpu = processorSeconds(server) - cpuBefore;

    say('revoking');
    const last: number[] = [];
    const first: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      // Before it is issued: all may have it sooner than this process has the answer to its commit.
      const hearing = clients.next('heard');
      const { at, number } = await revoke(alone, (expected) => clients.say({ kind: 'expect', number: expected }));
      const heard = await hearing;
      if (heard.number !== number) throw new Error('another number was heard');
      last.push(milliseconds(at, BigInt(heard.last)));
      first.push(milliseconds(at, BigInt(heard.first)));
      await delay(400);
    }

    return [
      figure({
        name: 'revoke-fanout',
        value: percentile(last, 0.99),
        unit: 'ms',
        floor: percentile(first, 0.5),
        goal: 250,
        how: `p99 of ${rounds} (median ${percentile(last, 0.5).toFixed(0)}): commit → the last of ${count} terminals (TLS 1.3, each its own client certificate) has read it; floor: the first one, median`,
      }),
      figure({
        name: 'stream-memory',
        value: resident / count,
        unit: 'KiB',
        floor: null,
        goal: 100,
        how: `resident memory of the server with ${count} streams minus without (${(before / 1024).toFixed(0)} MiB), for each`,
      }),
      figure({
        name: 'stream-cpu',
        value: (cpu / 20) * 100,
        unit: '%',
        floor: null,
        goal: 15,
        how: `of one core over 20 s, the server with ${count} idle streams: beats every 5 s and their answers`,
      }),
      ...(herd ? await measureReturn(count, clients, tapper) : []),
    ];
  } finally {
    await tapper.stop();
    await clients.stop();
  }
}

async function measureReturn(
  count: number,
  clients: Awaited<ReturnType<typeof startClients>>,
  tapper: Tapper,
): Promise<Figure[]> {
  say('losing every connection');
  const dropped = clients.next('connected');
  const tapping = tapper.start();
  clients.say({ kind: 'drop' });
  await delay(2_000);
  const since = process.hrtime.bigint();
  clients.say({ kind: 'connect', within: 300 });
  const back = await dropped;
  const taps = await tapping.stop();
  const all = milliseconds(since, BigInt(back.at)) / 1000;
  const idleTaps = await tapper.measure(100);
  return [
    figure({
      name: 'reconnect-all',
      value: all,
      unit: 's',
      floor: null,
      goal: 20,
      how: `every connection lost, ${count} terminals come within 0.3 s and again 0.15 to 0.3 s after each failure: until the last one has its hello (${back.tries} tries), with the terminals on the same two cores`,
    }),
    figure({
      name: 'tap-under-reconnect',
      value: percentile(taps, 0.99),
      unit: 'ms',
      floor: percentile(idleTaps, 0.99),
      goal: 100,
      how: `p99 of ${taps.length} taps (median ${percentile(taps, 0.5).toFixed(1)}) over an open connection meanwhile; floor: the same when all are connected`,
    }),
  ];
}

/** Issues a revocation that concerns nobody. `at`: just before the commit is sent. */
async function revoke(
  { database }: ServerAlone,
  onNumber: (number: number) => void,
): Promise<{ number: number; at: bigint }> {
  return database.transaction(async (tx) => {
    const number = await issueRevocation(tx, new Date(), {
      what: 'session',
      subject: randomUUID(),
      person: null,
      reason: 'bench',
      by: null,
    });
    onNumber(number);
    // The terminals are told what to look for before it can come.
    await delay(50);
    return { number, at: process.hrtime.bigint() };
  });
}
