/**
 * `npm run tour [-- --folder DIR]`: the whole story on real parts without a person: server, PostgreSQL, PC/SC service,
 * guard, Electron and Chromium on a virtual display. Leaves numbered pictures and a log in a folder that it names.
 */
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createStops } from '#setup/stops.ts';
import { makeTourFolder, makeWorkFolder, removeLeftovers } from './folders.ts';
import { keepLogs, writeReport } from './report.ts';
import { createScene } from './scene.ts';
import { play } from './story/play.ts';
import { clock, createTeller } from './teller.ts';

// A hospital in Japan: server, terminal and browsers show its time.
process.env['TZ'] = 'Asia/Tokyo';
const { values } = parseArgs({ options: { folder: { type: 'string' } } });
const began = performance.now();
const interruption = new AbortController();
const interrupt = (): void => interruption.abort();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
// Whoever started the tour may be killed without a word.
const starter = process.ppid;
setInterval(() => process.ppid !== starter && interrupt(), 1_000).unref();

const folder = makeTourFolder(values.folder, new Date());
const teller = createTeller(folder, interruption.signal);
teller.say(`Kazasu: the tour. Pictures and log: ${folder}`);
const leftovers = removeLeftovers();
if (leftovers > 0) teller.say(`Removed what ${leftovers === 1 ? 'a killed tour' : `${leftovers} killed tours`} left.`);
const work = makeWorkFolder();
const stops = createStops();
// The last thing to go, after everything that writes there has stopped.
stops.add(() => rmSync(work, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
stops.add(() => keepLogs(work, folder));

const scene = createScene();
let seen: readonly string[] = [];
let failure: unknown;
try {
  await play({ teller, work, stops, scene }, folder);
} catch (error) {
  failure = error;
  if (!interruption.signal.aborted) seen = await scene.describe(folder);
}
teller.say('\nStopping everything …');
await stops.stop().catch((error: unknown) => {
  failure ??= error;
});
await teller.written();
writeReport(folder, teller.steps, performance.now() - began);

const failed = teller.steps.find((step) => step.result !== 'held');
if (interruption.signal.aborted) {
  teller.say('Interrupted; everything that was started has been stopped.');
  process.exitCode = 130;
} else if (failure !== undefined) {
  const message = failure instanceof Error ? failure.message : String(failure);
  teller.say(`\nThe tour failed at step ${failed?.number ?? '–'} (${failed?.words ?? 'stopping'}):\n${message}`);
  for (const line of seen) teller.say(`  ${line}`);
  teller.say(`Logs of every process: ${folder}/logs`);
  process.exitCode = 1;
} else {
  const pictures = teller.steps.flatMap((step) => step.pictures).length;
  teller.say(
    `Every check of ${teller.steps.length} steps held in ${clock(performance.now() - began)}. ` +
      `${pictures} pictures, tour.md and events.jsonl: ${folder}`,
  );
}
// Connections of a browser that was killed must not keep this process.
process.exit();
