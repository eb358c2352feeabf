import { type LogQuery, listEvents } from '#server/store/log.ts';
import { type Figure, figure, percentile } from './figure.ts';
import type { ServerAlone } from './server-alone.ts';

const months = 60;
const terminals = 2000;
const people = 3000;

/** Fills the log with lines of five years, as a hospital writes them. */
async function fillLog({ database }: ServerAlone, count: number): Promise<void> {
  const { background } = database;
  for (let month = -months; month < 0; month += 1)
    await background.query(`select open_event_month(now() + $1 * interval '1 month')`, [month]);
  const step = 50_000;
  for (let from = 0; from < count; from += step) {
    await background.query(
      `insert into event (id, at, kind, outcome, person, actor, terminal, attempt, support_code)
       select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7000' || lpad(to_hex(i), 16, '8'))::uuid,
              at, case when i % 200000 = 0 then 'policy.applied' else (array['attempt.begun', 'proof.accepted',
                'session.began', 'session.ended', 'screen.opened', 'screen.locked', 'attempt.abandoned', 'proof.refused',
                'terminal.connected', 'link.lost', 'link.restored', 'guard.started'])[1 + i % 12] end,
              'success', md5('person' || i * 7919 % $3)::uuid, case when i % 50 = 0 then md5('person' || i % 100)::uuid end,
              md5('terminal' || i * 104729 % $4)::uuid, gen_random_uuid(), case when i % 3 = 0 then 'code' || i end
         from (select i, date_trunc('milliseconds', now() - ($5 - i) * (interval '1 month' * $6 / $5)) as at
                 from generate_series($1::bigint + 1, $2) as i) as line`,
      [from, Math.min(from + step, count), people, terminals, count, months],
    );
  }
  await background.query('analyze event');
}

/** The usual questions of helpdesk and auditor, on a log of five years. */
export async function measureLogPages(alone: ServerAlone, count: number): Promise<Figure> {
  process.stderr.write(`  writing ${count} lines\n`);
  await fillLog(alone, count);
  const md5 = async (text: string): Promise<string> =>
    (await alone.database.query<{ id: string }>('select md5($1)::uuid as id', [text]))[0]?.id ?? '';
  const random = (below: number): number => Math.floor(Math.random() * below);
  const asks: readonly (readonly [name: string, ask: () => Promise<Partial<LogQuery>>])[] = [
    ['newest', async () => ({})],
    ['person', async () => ({ person: (await md5(`person${random(people)}`)) as never })],
    ['terminal', async () => ({ terminal: (await md5(`terminal${random(terminals)}`)) as never })],
    ['code', async () => ({ supportCode: `code${random(count)}` })],
    ['kind', async () => ({ kind: 'proof.refused' as const })],
    ['rare kind', async () => ({ kind: 'policy.applied' as const })],
  ];
  const all: number[] = [];
  const medians: string[] = [];
  for (const [name, ask] of asks) {
    const times: number[] = [];
    for (let round = 0; round < 120; round += 1) {
      const asked = await ask();
      const since = performance.now();
      await alone.database.people.transaction((tx) => listEvents(tx, new Date(), { limit: 50, ...asked }));
      if (round >= 20) times.push(performance.now() - since);
    }
    all.push(...times);
    medians.push(`${name} ${percentile(times, 0.5).toFixed(1)}`);
  }
  return figure({
    name: 'log-page',
    value: percentile(all, 0.95),
    unit: 'ms',
    floor: null,
    goal: 15,
    how: `p95 of ${all.length} first pages of 50 over ${count} lines in ${months} months (medians: ${medians.join(', ')})`,
  });
}
