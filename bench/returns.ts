import { setTimeout as delay } from 'node:timers/promises';
import type { CoveredTerminal, Program } from '#e2e/curtain/covered-terminal.ts';
import { monotonic } from '#e2e/curtain/probe.ts';
import { until } from '#e2e/world.ts';
import { type Figure, figure, percentile } from './figure.ts';

const signals = ['SIGKILL', 'SIGSTOP'] as const;
type Signal = (typeof signals)[number];
type Victim = Program | 'guard' | 'second curtain';
const victims: readonly Victim[] = ['guard', 'curtain', 'screen', 'second curtain', 'painter', 'display'];

/** What a guard writes at `debug`, as far as it matters here; `at` is in milliseconds since 1970. */
interface Line {
  readonly event?: string;
  readonly number?: number;
  readonly picture?: string;
  readonly window?: string;
  readonly at?: number;
}

/** When the ready picture was last painted by the lock screen, by the clock of the probes. */
function watchPaints({ terminal }: CoveredTerminal): { last(): number; stop(): void } {
  const pictures = new Map<number, string>();
  const gap = performance.timeOrigin + performance.now() - monotonic();
  let last = 0;
  const stop = terminal.house.guard.listen((event) => {
    if (event.kind !== 'line' || !event.text.startsWith('{')) return;
    const line = JSON.parse(event.text) as Line;
    if (line.event === 'view') pictures.set(line.number ?? 0, line.picture ?? '');
    // Another screen is shown what the last one was.
    if (line.event === 'painted' && line.window === 'lock' && pictures.get(line.number ?? 0) === 'ready')
      last = (line.at ?? 0) - gap;
  });
  return { last: () => last, stop };
}

const pidOf = (at: CoveredTerminal, victim: Victim): number | undefined => {
  if (victim === 'guard') return at.terminal.house.guard.pid();
  return victim === 'second curtain' ? at.tryFind('curtain', 1) : at.tryFind(victim);
};

/** Kills or stops each part while locked: until the lock screen is painted, is seen and answers the guard again. */
export async function measureReturns(at: CoveredTerminal, rounds: number): Promise<Figure[]> {
  const { terminal, glass, watch, victim: desktop } = at;
  await terminal.shows('ready', 60_000);
  const before = { red: (await watch.count()).red, keys: (await desktop.count()).keys };
  const paints = watchPaints(at);
  const took = new Map<string, number[]>();
  for (let round = 0; round < rounds; round += 1)
    for (const signal of signals)
      for (const victim of victims) {
        const times = took.get(`${victim} ${signal}`) ?? [];
        took.set(`${victim} ${signal}`, times);
        times.push(await comeBack(victim, signal));
      }
  paints.stop();

  async function comeBack(victim: Victim, signal: Signal): Promise<number> {
    const pid = await until(`the ${victim} runs`, () => pidOf(at, victim));
    const from = monotonic();
    process.kill(pid, signal);
    await until(
      `another ${victim}`,
      () => {
        const now = pidOf(at, victim);
        return now !== undefined && now !== pid;
      },
      30_000,
    );
    if (victim === 'guard') await until('the guard says ready', () => paints.last() > from, 30_000);
    if (victim === 'screen' || victim === 'display')
      await until('the screen has painted', () => paints.last() > from, 30_000);
    // What stands unchanged for a second is there to stay.
    const lastChange = (): number => Math.max(from, paints.last(), glass.changes.at(-1)?.at ?? 0);
    const stands = () => glass.changes.at(-1)?.red === true && monotonic() - lastChange() > 1_000;
    await until(`the lock screen stands after ${signal} of the ${victim}`, stands, 30_000).catch((problem: Error) => {
      const known = { glass: glass.changes.slice(-4), painted: paints.last(), now: monotonic(), from };
      throw new Error(JSON.stringify(known), { cause: problem });
    });
    await terminal.shows('ready', 30_000);
    const milliseconds = lastChange() - from;
    await delay(200);
    return milliseconds;
  }

  const after = { red: (await watch.count()).red, keys: (await desktop.count()).keys };
  const all = [...took.values()].flat();
  const each = [...took]
    .map(([name, times]) => `${name} ${percentile(times, 0.5).toFixed(0)}/${percentile(times, 0.95).toFixed(0)}`)
    .join(', ');
  return [
    figure({
      name: 'screen-back',
      value: Math.max(...[...took.values()].map((times) => percentile(times, 0.95))),
      unit: 'ms',
      floor: null,
      goal: 2_000,
      how: `the worst part's p95 of ${rounds} (all: median ${percentile(all, 0.5).toFixed(0)}, p95 ${percentile(all, 0.95).toFixed(0)} of ${all.length}); each median/p95: ${each}: signal while locked → the lock screen is painted, seen and answers again; seen of the desktop meanwhile: ${after.red - before.red} times, keys that reached it: ${after.keys - before.keys}`,
    }),
  ];
}

/** Kills the guard while the desktop is open: until nothing of it is seen any more. */
export async function measureGuardDeaths(at: CoveredTerminal, rounds: number): Promise<Figure> {
  const { terminal } = at;
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await at.opened();
    const killed = monotonic();
    terminal.house.guard.kill('SIGKILL');
    times.push(await at.coveredAfter(killed));
    await terminal.house.guard.whenReady();
    await terminal.shows('ready', 60_000);
  }
  return figure({
    name: 'guard-death-to-cover',
    value: percentile(times, 0.95),
    unit: 'ms',
    floor: null,
    goal: 50,
    how: `p95 of ${rounds} (median ${percentile(times, 0.5).toFixed(0)}): the guard killed while open → no pixel of the desktop on the display`,
  });
}
