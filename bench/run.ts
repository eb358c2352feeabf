import { join } from 'node:path';
import { createWorld } from '#e2e/world.ts';
import { type Display, openDisplay } from '#setup/display.ts';
import { type Figure, jsonLine, printTable } from './figure.ts';
import { type Clinic, enrolCards, measureLogins, measureRevocations } from './login.ts';
import { measureColdStart, measureIdle } from './terminal.ts';

/** What can be asked for by name, in the order in which it is measured. */
const benches: readonly {
  readonly names: readonly string[];
  readonly run: (clinic: Clinic, elsewhere: Display) => Promise<Figure[]>;
}[] = [
  { names: ['card-to-name', 'pin-to-open'], run: (clinic) => measureLogins(clinic, 30) },
  { names: ['revoke-to-lock'], run: async (clinic) => [await measureRevocations(clinic, 10)] },
  { names: ['screen-memory', 'idle-cpu'], run: (clinic, elsewhere) => measureIdle(clinic, elsewhere, 15) },
  { names: ['cold-start'], run: async (clinic, elsewhere) => [await measureColdStart(clinic, elsewhere, 7)] },
];

const args = process.argv.slice(2);
const json = args.includes('--json');
const wanted = args.filter((arg) => arg !== '--json');
const known = benches.flatMap((bench) => bench.names);
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`No such figure: ${unknown.join(', ')}. There are: ${known.join(', ')}.\n`);
  process.exit(2);
}
const say = (text: string): void => void process.stderr.write(`${text}\n`);

say('Starting a hospital: server, PostgreSQL, reader service, guard, screen …');
const world = await createWorld({ logLevel: 'debug' });
// The lock screen covers its display: an empty window is measured on one of its own.
const elsewhere = await openDisplay({ folder: join(world.folder, 'elsewhere'), virtual: true });
const figures: Figure[] = [];
try {
  const terminal = await world.addTerminal('bench-01');
  const person = await world.addPerson({ number: '004217', name: '山田 花子' });
  const clinic: Clinic = { world, terminal, person };
  await enrolCards(clinic);
  for (const bench of benches) {
    if (wanted.length > 0 && !bench.names.some((name) => wanted.includes(name))) continue;
    say(`Measuring ${bench.names.join(', ')} …`);
    const measured = await bench.run(clinic, elsewhere);
    figures.push(...measured.filter((each) => wanted.length === 0 || wanted.includes(each.name)));
  }
} finally {
  await elsewhere.stop();
  await world.stop();
}
if (json) for (const each of figures) process.stdout.write(`${jsonLine(each)}\n`);
else printTable(figures);
if (figures.some((each) => !each.ok)) process.exitCode = 1;
