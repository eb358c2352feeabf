/**
 * Kazasu on one desk: keyring, card reader, server, terminal and card tray on the display of this session, with a guide
 * in this terminal, until Ctrl+C. Settings: KAZASU_HOME, KAZASU_PORT, KAZASU_READER=system, KAZASU_KIOSK=1.
 */
import { createDesk } from './desk.ts';
import { listenToPerson } from './person.ts';
import { DeskProblem, readSettings } from './settings.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
// Whoever read the output may be gone; the desk goes on until it is told to end.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const ending = new AbortController();
let told = 0;
const end = (): void => {
  // Ctrl+C reaches this process from the terminal and from npm; a second one by a person comes later.
  if (ending.signal.aborted && performance.now() - told > 1_000) process.exit(130);
  if (ending.signal.aborted) return;
  told = performance.now();
  say('');
  say('Ending …');
  ending.abort();
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
const parent = process.ppid;
setInterval(() => process.ppid !== parent && !ending.signal.aborted && end(), 500).unref();

try {
  const desk = await createDesk(readSettings(process.env), say, ending.signal);
  try {
    if (!ending.signal.aborted) {
      desk.guide.print();
      if (desk.listens) listenToPerson(desk, end, ending.signal);
      await new Promise((resolve) => ending.signal.addEventListener('abort', resolve));
    }
  } finally {
    await desk.stop();
  }
  say('Ended.');
  process.exit(0);
} catch (problem) {
  if (ending.signal.aborted) process.exit(130);
  process.stderr.write(`${problem instanceof DeskProblem ? problem.message : (problem as Error).stack}\n`);
  process.exit(1);
}
