import type { Page } from 'playwright';
import type { EventKind, StoredEvent } from '#contract/audit.ts';
import * as hands from '#e2e/console/hands.ts';
import { until } from '#e2e/world.ts';
import { writeEvents } from '../report.ts';
import { check, type Tour, takePage } from './tour.ts';

/** What the story must have left, with how often at least. */
const expected: Partial<Record<EventKind, number>> = {
  'server.started': 2,
  'terminal.announced': 1,
  'terminal.enrolled': 1,
  'person.added': 4,
  'card.enrolled': 3,
  'pin.set': 3,
  'totp.enrolled': 1,
  'attempt.begun': 8,
  'attempt.refused': 3,
  'proof.accepted': 8,
  'proof.refused': 1,
  'session.began': 8,
  'session.ended': 8,
  'screen.opened': 8,
  'screen.locked': 8,
  'card.misread': 2,
  'card.revoked': 1,
  'revocation.confirmed': 1,
  'reader.ready': 3,
  'reader.lost': 2,
  'link.lost': 1,
  'link.restored': 1,
  'guard.started': 2,
  'log.viewed': 1,
};
const endings = ['same-card', 'other-card', 'button', 'idle', 'revoked'];

/** Every step is in the log: who, when, where, with what, and how it went. */
export async function readLog(tour: Tour, folder: string): Promise<void> {
  const { teller, admin } = tour;
  teller.chapter('すべての記録 — Everything is in the log');

  await teller.step('The log holds every event of the story', async ({ saw }) => {
    let events: readonly StoredEvent[] = [];
    const missing = (): string[] =>
      Object.entries(expected)
        .map(([kind, least]) => ({ kind, least, found: events.filter((event) => event.kind === kind).length }))
        .filter(({ least, found }) => found < least)
        .map(({ kind, least, found }) => `${kind} (${found} of ${least})`);
    // The terminal's journal arrives a little later than what happens.
    await until('the journal has been uploaded', async () => {
      events = await fetchEvents(admin);
      return missing().length === 0;
    }).catch(() => check(false, `The log lacks ${missing().join(', ')}`));
    writeEvents(folder, events);
    const sessions = events.filter((event) => event.kind === 'session.began');
    for (const event of sessions) {
      check(Boolean(event.personName && event.terminalName && event.session), `Who or where: ${JSON.stringify(event)}`);
      check(event.factors.includes('card') && event.factors.length === 2, `Two factors: ${JSON.stringify(event)}`);
    }
    for (const event of events) check(/([+-]\d\d:\d\d|Z)$/.test(event.at), `A time without offset: ${event.at}`);
    const ended = new Set(events.filter((event) => event.kind === 'session.ended').map((event) => event.reason));
    for (const reason of endings) check(ended.has(reason), `No session ended by ${reason}`);
    saw(`${events.length} events of ${new Set(events.map((event) => event.kind)).size} kinds → events.jsonl`);
    saw(`${sessions.length} sessions, each with person, terminal, two factors and one end`);
  });

  await teller.step('The console tells it in sentences, in Japanese and in English', async (telling) => {
    await hands.open(admin, '記録');
    await admin.locator('.event-words').first().waitFor();
    await takePage(telling, 'console-log', admin);
    await admin.getByRole('button', { name: 'English' }).click();
    for (const room of ['Log', 'Revocations', 'Terminals', 'People']) {
      await admin.getByRole('navigation').getByRole('link', { name: room, exact: true }).click();
      await admin.getByRole('heading', { level: 1, name: room, exact: true }).waitFor();
      await admin.locator('main li, main table').first().waitFor();
      await takePage(telling, `console-${room.toLowerCase()}-english`, admin);
    }
  });
}

/** The log as the server answers it to the admin's browser; oldest first. */
async function fetchEvents(admin: Page): Promise<readonly StoredEvent[]> {
  const events = await admin.evaluate(async () => {
    const all: { id: string }[] = [];
    for (;;) {
      const before = all.at(-1)?.id;
      const answer = await fetch(`/v1/events?limit=200${before === undefined ? '' : `&before=${before}`}`);
      const page = ((await answer.json()) as { events: { id: string }[] }).events;
      all.push(...page);
      if (page.length < 200) return all;
    }
  });
  return (events as unknown as StoredEvent[]).reverse();
}
