import { cpSync, globSync, mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { check } from './check/checker.ts';
import type { Findings, Violation } from './check/findings.ts';
import { gather } from './gather.ts';
import { recover } from './recover.ts';
import type { Schedule } from './schedule.ts';
import { openSite, type Site } from './site.ts';
import { runStorm } from './storm.ts';
import { startWork, type Working } from './work.ts';

export interface Played {
  readonly violations: readonly Violation[];
  /** What happened, in numbers. */
  readonly figures: Readonly<Record<string, number | string>>;
}

export interface PlayOptions {
  readonly tell: (line: string) => void;
  /** Ends the storm early; everything is healed, checked and taken away all the same. */
  readonly signal?: AbortSignal;
  /** Folder that receives what was promised, the exported log and what the processes wrote. */
  readonly evidence?: string;
  /** Spoils something before it is checked, to see whether the checker finds it. */
  readonly tamper?: (site: Site) => Promise<void>;
}

/** What policy says, and how long a lock may take on a machine that is busy with all of this. */
const bounds = { offlineHours: 24, lock: 2_500 };

/** Recovery may take this long after the last fault (milliseconds): pauses between tries grow to half a minute. */
const patience = 60_000;

/** Plays a schedule on a fresh site, and says what was not as it was promised. */
export const play = async (schedule: Schedule, options: PlayOptions): Promise<Played> => {
  const { tell } = options;
  tell('a hospital is set up');
  const site = await openSite(tell);
  let working: Working | undefined;
  try {
    const signal = options.signal ?? new AbortController().signal;
    const began = performance.now();
    working = startWork(site, schedule.seed);
    tell('work begins');
    await runStorm(site, schedule, tell, signal);
    tell('the last fault is healed');
    const healed = performance.now();
    await working.stop();
    const recovered = await recover(site, healed, patience);
    tell('everything is read and checked');
    await options.tamper?.(site);
    const findings = await gather(site, { checkpoints: working.checkpoints, recovered, patience });
    const violations = check(findings, bounds);
    const figures = summarise(schedule, findings, working, performance.now() - began);
    return { violations, figures };
  } catch (problem) {
    // Whatever keeps it from its end is no recovery.
    const what = problem instanceof Error ? (problem.stack ?? problem.message) : String(problem);
    return { violations: [{ invariant: 'I4', what: `it came to no end: ${what}` }], figures: {} };
  } finally {
    // Where the storm itself failed they are still at it.
    await working?.stop().catch(() => undefined);
    if (options.evidence !== undefined) keepEvidence(site, options.evidence);
    await site.stop();
  }
};

const keepEvidence = ({ database, folder }: Site, to: string): void => {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  const found = globSync(['*.jsonl', '*.log', '*/log/*.log*'], { cwd: folder });
  for (const path of found) cpSync(join(folder, path), join(to, path.replaceAll('/', '-')));
  for (const path of database.logs()) cpSync(path, join(to, basename(path)));
};

const summarise = (
  { faults }: Schedule,
  { events, entries, recovered }: Findings,
  { checkpoints, ends }: Working,
  took: number,
): Played['figures'] => {
  const count = (kind: string): number => events.filter((event) => event.kind === kind).length;
  return {
    seconds: Math.round(took / 1_000),
    faults: faults.length,
    ...ends,
    'opened without the server': count('offline.opened'),
    'contested afterwards': count('offline.contested'),
    'link lost': count('link.lost'),
    'guard started': count('guard.started'),
    'acts of the desk': entries.filter(({ kind }) => kind === 'done').length,
    'checkpoints kept': checkpoints.length,
    'lines of the log': events.length,
    'recovered after': Object.values(recovered)
      .map((after) => (after === null ? 'never' : `${(after / 1_000).toFixed(1)} s`))
      .join(', '),
  };
};
