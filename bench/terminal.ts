import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Display } from '#setup/display.ts';
import { findElectron } from '#setup/electron.ts';
import { openEmptyWindow } from './empty-window.ts';
import { type Figure, figure, percentile } from './figure.ts';
import type { Clinic } from './login.ts';
import { memoryOf, processorSeconds } from './process-tree.ts';

/** Start of the screen's process → its first picture painted, against the same with an empty window, in turn. */
export async function measureColdStart(
  { world, terminal }: Clinic,
  elsewhere: Display,
  rounds: number,
): Promise<Figure> {
  const electron = findElectron();
  const ours: number[] = [];
  const empty: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const nothing = await openEmptyWindow(join(world.folder, 'bench', `empty-${round}`), environment(elsewhere));
    empty.push(nothing.milliseconds);
    await nothing.process.stop();
    const begun = performance.now();
    const painted = firstPaint(terminal);
    terminal.house.screen.kill('SIGKILL');
    const startedAt = await started(terminal);
    await painted;
    ours.push(performance.now() - Math.max(begun, startedAt));
  }
  const value = percentile(ours, 0.5);
  const floor = percentile(empty, 0.5);
  return figure({
    name: 'cold-start',
    value: value / floor,
    unit: '×',
    floor: 1,
    goal: 1.5,
    how: `median of ${rounds}: screen ${value.toFixed(0)} ms, empty window ${floor.toFixed(0)} ms, Electron ${electron.version}, process start → first page painted`,
  });
}

/** The guard writes a line when a window reports its paint. */
function firstPaint(terminal: Clinic['terminal']): Promise<void> {
  return new Promise((resolve) => {
    const forget = terminal.house.guard.listen((event) => {
      if (event.kind !== 'line' || !/"painted"/.test(event.text)) return;
      forget();
      resolve();
    });
  });
}

function started(terminal: Clinic['terminal']): Promise<number> {
  return new Promise((resolve) => {
    const forget = terminal.house.screen.listen((event) => {
      if (event.kind !== 'started') return;
      forget();
      resolve(performance.now());
    });
  });
}

const environment = (display: Display): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: process.env['HOME'],
  ...display.env,
});

/** Memory and idle processor time of guard, reader and screen against an empty Electron window. */
export async function measureIdle({ world, terminal }: Clinic, elsewhere: Display, seconds: number): Promise<Figure[]> {
  await terminal.shows('ready');
  const nothing = await openEmptyWindow(join(world.folder, 'bench', 'idle'), environment(elsewhere));
  const guard = terminal.house.guard.pid();
  const screen = terminal.house.screen.pid();
  const empty = nothing.process.pid();
  if (!guard || !screen || !empty) throw new Error('a process is missing');
  // The picture of the waiting screen moves for some seconds and then rests.
  await delay(12_000);
  const sum = (of: (pid: number) => number) => of(guard) + of(screen);
  const memory = { ours: sum(memoryOf), floor: memoryOf(empty) };
  const before = { ours: sum(processorSeconds), floor: processorSeconds(empty) };
  await delay(seconds * 1000);
  const used = { ours: sum(processorSeconds) - before.ours, floor: processorSeconds(empty) - before.floor };
  await nothing.process.stop();
  return [
    figure({
      name: 'screen-memory',
      value: memory.ours,
      unit: 'MiB',
      floor: memory.floor,
      goal: 600,
      how: 'proportional set size of guard, reader and screen, locked and idle after the logins of this run; floor: an empty Electron window',
    }),
    figure({
      name: 'idle-cpu',
      value: (used.ours / seconds) * 100,
      unit: '%',
      floor: (used.floor / seconds) * 100,
      goal: 3,
      how: `of one core over ${seconds} s, guard, reader and screen, locked and idle; floor: an empty Electron window`,
    }),
  ];
}
