/**
 * `npm run hospital -- [--people 3000 --cards 5000 --terminals 1200 --events 2000000 --days 90 --seed 1 --until <time>]`:
 * fills an empty database (`DATABASE_URL`, or the embedded one of `KAZASU_DATA`) with a hospital to look at and to measure on.
 */
import { mkdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { reachDatabase } from '#server/backup/reach.ts';
import { openServerKeys } from '#server/held-keys.ts';
import { createSeenFile } from '#server/log-tree/seen.ts';
import { createDatabase } from '#server/store/database.ts';
import { migrate } from '#server/store/migrate.ts';
import { fillHospital, NotEmpty } from './fill.ts';
import { createBar } from './progress-bar.ts';

/** Nobody else is at this database: whatever takes long here may. */
const patience = 20;

const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '3000' },
    cards: { type: 'string', default: '5000' },
    terminals: { type: 'string', default: '1200' },
    events: { type: 'string', default: '2000000' },
    days: { type: 'string', default: '90' },
    seed: { type: 'string', default: '1' },
    until: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const number = (name: 'people' | 'cards' | 'terminals' | 'events' | 'days' | 'seed', least: number): number => {
  const value = Number(values[name]);
  if (!Number.isSafeInteger(value) || value < least)
    throw new TypeError(`--${name} is a whole number from ${least} on`);
  return value;
};

const main = async (): Promise<void> => {
  // Everybody with an office is among the first forty.
  const size = {
    people: number('people', 50),
    cards: number('cards', 50),
    terminals: number('terminals', 20),
    events: number('events', 0),
    days: number('days', 1),
  };
  const seed = number('seed', 0);
  const until = values.until === undefined ? new Date() : new Date(values.until);
  if (Number.isNaN(until.getTime())) throw new TypeError('--until is a time such as 2026-11-29T18:00:00+09:00');
  const { KAZASU_DATA: folder = '.data' } = process.env;
  // As the server makes it: its PostgreSQL may run as another user and must pass through.
  await mkdir(folder, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  const { dataFolder, connectionString, stop } = await reachDatabase(process.env, true);
  try {
    await migrate(connectionString, () => undefined);
    const database = createDatabase({ connectionString, patience, report: () => undefined });
    const bar = createBar(process.stderr);
    try {
      const keys = await openServerKeys(database, dataFolder, new Date());
      const seen = createSeenFile(dataFolder);
      const log = pino({ level: 'silent' });
      const filled = await fillHospital({ database, keys, seen, log, seed, until, size, progress: bar.show });
      bar.end(`${filled.events} events`);
      if (values.json) process.stdout.write(`${JSON.stringify(filled)}\n`);
      else
        for (const [role, { number: who, password, seed: totp }] of Object.entries(filled.signIns))
          process.stdout.write(`${role}: number ${who}, password ${password}, authenticator ${totp}\n`);
    } finally {
      await database.close();
    }
  } finally {
    await stop();
  }
};

try {
  await main();
} catch (problem) {
  const isSaid = problem instanceof NotEmpty || problem instanceof TypeError;
  process.stderr.write(`${isSaid ? (problem as Error).message : (problem as Error).stack}\n`);
  process.exitCode = 1;
}
