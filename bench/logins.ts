import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { verify } from '@node-rs/argon2';
import { hashSecret } from '#server/credentials.ts';
import { type Figure, figure, figureAtLeast, percentile } from './figure.ts';
import { admitFleet, type FleetTerminal } from './fleet.ts';
import type { LoadResult, LoadToRun } from './login-clients.ts';
import { admitPeople, type Holder, pin } from './login-people.ts';
import type { ServerAlone } from './server-alone.ts';

/** Terminals that log in without a pause, each one login at a time: enough to keep every core busy, also over a slow disk. */
const crowd = 192;
/** By PIN fewer: who would wait for more than a second to be hashed is told to come again. */
const typing = 72;
/** Those of them that log in while it is measured how soon others' taps are answered. */
const flooding = 24;
/** A code is good once: with two steps for each, these people last for a measurement. */
const people = 8000;

interface Ground {
  readonly alone: ServerAlone;
  readonly holders: readonly Holder[];
  readonly terminals: readonly FleetTerminal[];
}

const run = (
  { alone, holders, terminals }: Ground,
  spec: Omit<LoadToRun, 'port' | 'authority' | 'holders' | 'pin' | 'terminals'> & {
    readonly terminals: readonly [from: number, to: number];
  },
): Promise<LoadResult> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'login-clients.ts')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(said) as LoadResult);
      else reject(new Error(`the clients ended with ${code}`));
    });
    const load: LoadToRun = {
      ...spec,
      port: alone.port,
      authority: alone.authority.certificate,
      holders,
      terminals: terminals.slice(...spec.terminals),
      pin,
    };
    child.stdin.end(JSON.stringify(load));
  });

/** Checks of one PIN a second on all cores of this machine, with nothing else going on. */
async function measureHash(
  { secrets }: ServerAlone,
  cores: number,
): Promise<{ perSecond: number; parameters: string }> {
  const hashed = await hashSecret(secrets, pin);
  const pepper = secrets.pepper(hashed.pepper);
  if (pepper === undefined) throw new Error('no pepper');
  const begun = performance.now();
  let checked = 0;
  const check = async (): Promise<void> => {
    while (performance.now() - begun < 4000) {
      if (!(await verify(hashed.phc, pin, { secret: pepper.key }))) throw new Error('a right PIN was wrong');
      checked += 1;
    }
  };
  await Promise.all(Array.from({ length: cores }, check));
  const parameters = /^\$([^$]+\$v=\d+\$[^$]+)/.exec(hashed.phc)?.[1] ?? 'unknown';
  return { perSecond: checked / ((performance.now() - begun) / 1000), parameters };
}

const refusedOf = ({ refused }: LoadResult): string => {
  const codes = Object.entries(refused).map(([code, count]) => `${count} ${code}`);
  return codes.length === 0 ? 'none refused' : `refused: ${codes.join(', ')}`;
};

/** How many people get in a second, and how soon a card is known meanwhile. Server, PostgreSQL and clients share the cores. */
export async function measureLoginRates(alone: ServerAlone, cores: number): Promise<Figure[]> {
  const say = (text: string): void => void process.stderr.write(`  ${text}\n`);
  const ground: Ground = {
    alone,
    holders: await admitPeople(alone, people),
    terminals: await admitFleet(alone, crowd + 4),
  };
  const all: [number, number] = [0, crowd];
  const some: [number, number] = [0, typing];
  const few: [number, number] = [crowd, crowd + 2];
  say('warming up');
  await run(ground, { factor: 'pin', terminals: all, seconds: 3, every: 0 });
  say('taps alone');
  const idle = await run(ground, { factor: 'none', terminals: few, seconds: 8, every: 20 });
  // First: what has run ten thousand times is compiled, as in a server that has run for days.
  say('logins by authenticator');
  const codes = await run(ground, { factor: 'totp', terminals: all, seconds: 8, every: 0 });
  say('the hash alone, logins by PIN, the hash alone');
  const before = await measureHash(alone, cores);
  const pins = await run(ground, { factor: 'pin', terminals: some, seconds: 10, every: 0 });
  const after = await measureHash(alone, cores);
  const hash = (before.perSecond + after.perSecond) / 2;
  say('taps under logins by PIN');
  const [flood, under] = await Promise.all([
    run(ground, { factor: 'pin', terminals: [0, flooding], seconds: 8, every: 0 }),
    delay(1000).then(() => run(ground, { factor: 'none', terminals: few, seconds: 6, every: 20 })),
  ]);
  const median = (samples: readonly number[]): string => percentile(samples, 0.5).toFixed(1);
  const rate = ({ logins, seconds }: LoadResult): number => logins / seconds;
  const together = `${cores} cores shared with PostgreSQL and the clients`;
  return [
    figureAtLeast({
      name: 'pin-logins',
      value: (rate(pins) / hash) * 100,
      unit: '%',
      floor: 100,
      goal: 85,
      how: `${rate(pins).toFixed(0)} logins/s (card and PIN, ${typing} terminals, mutual TLS) of ${hash.toFixed(0)} checks/s that the hash alone allows, the mean of just before and just after (${before.parameters}); ${together}; ${refusedOf(pins)}`,
    }),
    figureAtLeast({
      name: 'totp-logins',
      value: rate(codes),
      unit: '/s',
      floor: null,
      goal: 1000,
      how: `logins a second (card and TOTP, ${crowd} terminals, mutual TLS, ${codes.logins} in ${codes.seconds.toFixed(1)} s); ${together}; ${refusedOf(codes)}`,
    }),
    figure({
      name: 'tap-idle',
      value: percentile(idle.taps, 0.99),
      unit: 'ms',
      floor: percentile(idle.taps, 0.5),
      goal: 15,
      how: `p99 of ${idle.taps.length} taps from request to answer over open connections, nothing else going on; floor: the median, whose goal is 3 ms`,
    }),
    figure({
      name: 'tap-idle-median',
      value: percentile(idle.taps, 0.5),
      unit: 'ms',
      floor: null,
      goal: 3,
      how: 'median of the same taps',
    }),
    figure({
      name: 'tap-under-pins',
      value: percentile(under.taps, 0.99),
      unit: 'ms',
      floor: percentile(idle.taps, 0.99),
      goal: 50,
      how: `p99 of ${under.taps.length} taps (median ${median(under.taps)}) while ${flooding} terminals log in by PIN (${rate(flood).toFixed(0)}/s); floor: the same with nothing else going on`,
    }),
  ];
}
