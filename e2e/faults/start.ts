/**
 * `npm run faults -- [--seed N] [--minutes M] [--kinds a,b] [--replay file]`: a small hospital of real processes is used
 * while it fails in every way that the seed draws. Ends with 1 where something was not as it was promised.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '#setup/paths.ts';
import { minimise } from './minimise.ts';
import { type Played, play } from './play.ts';
import { drawSchedule, type Schedule, schedule as shape } from './schedule.ts';
import { type FaultKind, faultKinds } from './table.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const options = {
  seed: { type: 'string', default: '1' },
  minutes: { type: 'string', default: '2' },
  kinds: { type: 'string' },
  /** Milliseconds from one fault to the next on average. */
  every: { type: 'string', default: '2500' },
  replay: { type: 'string' },
  /** Minutes for finding fewer faults with which it fails, too. */
  'minimise-minutes': { type: 'string', default: '10' },
} as const;
const { values } = parseArgs({ options });

const readKinds = (text: string): FaultKind[] =>
  text.split(',').map((name) => {
    const kind = faultKinds.find((one) => one === name);
    if (kind === undefined) throw new Error(`there is no fault ${name}; there are ${faultKinds.join(', ')}`);
    return kind;
  });

const chosen: Schedule =
  values.replay === undefined
    ? drawSchedule({
        seed: Number(values.seed),
        milliseconds: Math.round(Number(values.minutes) * 60_000),
        every: Number(values.every),
        ...(values.kinds === undefined ? {} : { kinds: readKinds(values.kinds) }),
      })
    : shape.parse(JSON.parse(readFileSync(values.replay, 'utf8')));

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());

const tellPlayed = ({ figures, violations }: Played): void => {
  for (const [name, value] of Object.entries(figures)) say(`  ${name.padEnd(28)} ${value}`);
  for (const { invariant, what } of violations) say(`  ${invariant} BROKEN: ${what}`);
};

/** Plays it again with fewer and fewer faults, as long as there is time, and keeps what still fails. */
const keepFewest = async (failing: Schedule): Promise<string> => {
  const end = performance.now() + Number(values['minimise-minutes']) * 60_000;
  const mayTry = (): boolean => performance.now() < end && !interrupted.signal.aborted;
  const fails = async (faults: Schedule['faults']): Promise<boolean> => {
    const { violations } = await play({ ...failing, faults }, { tell: () => undefined, signal: interrupted.signal });
    say(`  with ${faults.length} faults: ${violations.length === 0 ? 'sound' : 'broken'}`);
    return violations.length > 0 && !interrupted.signal.aborted;
  };
  const faults = [...(await minimise(failing.faults, async (some) => fails([...some]), mayTry))];
  const folder = join(root, 'e2e', 'faults', 'kept');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `seed-${failing.seed}-${faults.length}.json`);
  writeFileSync(path, `${JSON.stringify({ ...failing, faults }, null, 2)}\n`);
  return path;
};

say(`seed ${chosen.seed}, ${chosen.milliseconds / 60_000} minutes, ${chosen.faults.length} faults`);
const evidence = join(root, 'dist', 'faults', `seed-${chosen.seed}`);
const played = await play(chosen, { tell: (line) => say(`  ${line}`), signal: interrupted.signal, evidence });
tellPlayed(played);
say(`  what was promised, and what everything wrote: ${evidence}`);
if (played.violations.length === 0) say(`seed ${chosen.seed}: no invariant was broken`);
else {
  process.exitCode = 1;
  say(`seed ${chosen.seed}: BROKEN`);
  if (!interrupted.signal.aborted && Number(values['minimise-minutes']) > 0)
    say(`kept as a test: ${await keepFewest(chosen)}`);
}
