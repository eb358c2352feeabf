import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright';
import type { CardSummary, PersonSummary } from '#contract/api/people.ts';
import { iso14443a } from '#e2e/card/cards.ts';
import type { Terminal, World } from '#e2e/world.ts';
import { type Figure, figure, percentile } from './figure.ts';

const pin = '73019462';
/** Different cards follow each other without the pause that one and the same card needs. */
const identifiers = Array.from({ length: 6 }, (_, i) => `04A1B2C3D4E5${(0x80 + i).toString(16).toUpperCase()}`);

export interface Clinic {
  readonly world: World;
  readonly terminal: Terminal;
  readonly person: PersonSummary;
}

export async function enrolCards({ terminal, person }: Clinic): Promise<void> {
  const [first, ...others] = identifiers.map((identifier) => iso14443a(identifier));
  if (!first) throw new Error('no card');
  await terminal.enrol(person, first, pin);
  for (const card of others) {
    await terminal.enrolCard(person, card);
    await terminal.shows('ready');
    await delay(1_100);
  }
}

const now = (): number => performance.timeOrigin + performance.now();

/** Resolves with the moment at which the page had painted this picture: two frames after it changed. */
function painted(page: Page, picture: string): Promise<number> {
  return page.evaluate(
    (wanted) =>
      new Promise<number>((resolve) => {
        const root = document.documentElement;
        const look = () => {
          if (root.dataset['picture'] !== wanted) return;
          observer.disconnect();
          requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.timeOrigin + performance.now())));
        };
        const observer = new MutationObserver(look);
        observer.observe(root, { attributes: true });
        look();
      }),
    picture,
  );
}

/** Two frames of this display: what painting alone costs, whatever is painted. */
async function twoFrames(page: Page): Promise<number> {
  const samples: number[] = [];
  for (let i = 0; i < 20; i += 1)
    samples.push(
      await page.evaluate(
        () =>
          new Promise<number>((resolve) => {
            const begun = performance.now();
            requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - begun)));
          }),
      ),
    );
  return percentile(samples, 0.5);
}

/** One request that does nothing, over a warm connection: what asking the server alone costs. */
async function roundTrip(world: World): Promise<number> {
  const samples: number[] = [];
  for (let i = 0; i < 30; i += 1) {
    const begun = performance.now();
    await world.admin.do('server/health');
    samples.push(performance.now() - begun);
  }
  return percentile(samples, 0.5);
}

export async function measureLogins(clinic: Clinic, rounds: number): Promise<Figure[]> {
  const { world, terminal } = clinic;
  const lock = await terminal.window('lock');
  const badge = await terminal.window('badge');
  const toName: number[] = [];
  const toOpen: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const card = iso14443a(identifiers[round % identifiers.length] ?? '');
    await terminal.shows('ready');
    const named = painted(lock, 'secret');
    await terminal.slot.insert(card);
    const namedAt = await named;
    const seenAt = terminal.slot.seenAt();
    if (seenAt === undefined) throw new Error('the reader did not see the card');
    toName.push(namedAt - (performance.timeOrigin + seenAt));
    await terminal.slot.remove();
    for (const digit of pin) await lock.keyboard.press(digit);
    const opened = painted(badge, 'open');
    const begun = now();
    await lock.keyboard.press('Enter');
    toOpen.push((await opened) - begun);
    await badge.click('[data-action="lock"]');
    await terminal.shows('ready');
    // Two different cards within a second are two cards at once.
    await delay(1_100);
  }
  const floor = (await roundTrip(world)) + (await twoFrames(lock));
  return [
    figure({
      name: 'card-to-name',
      value: percentile(toName, 0.95),
      unit: 'ms',
      floor,
      goal: 100,
      how: `p95 of ${rounds} (median ${percentile(toName, 0.5).toFixed(0)}): the reader asks the card for its ATR → the name is painted; floor: one empty request and two frames`,
    }),
    figure({
      name: 'pin-to-open',
      value: percentile(toOpen, 0.95),
      unit: 'ms',
      floor,
      goal: 200,
      how: `p95 of ${rounds} (median ${percentile(toOpen, 0.5).toFixed(0)}): last key → badge painted on the open desktop; floor: one empty request and two frames`,
    }),
  ];
}

export async function measureRevocations(clinic: Clinic, rounds: number): Promise<Figure> {
  const { world, terminal, person } = clinic;
  const lock = await terminal.window('lock');
  const samples: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const kind = iso14443a(`04C0FFEE00${round.toString(16).padStart(2, '0').toUpperCase()}01`);
    // Two different cards within a second are two cards at once.
    await delay(1_100);
    const card: CardSummary = await terminal.enrolCard(person, kind);
    await terminal.shows('ready');
    // The same card within 1.5 s is one tap.
    await delay(1_600);
    await terminal.logIn(kind, pin);
    const locked = painted(lock, 'ready');
    const begun = now();
    await world.admin.do('cards/revoke', { params: { card: card.id }, body: { reason: 'bench' } });
    samples.push((await locked) - begun);
  }
  const floor = (await roundTrip(world)) + (await twoFrames(lock));
  return figure({
    name: 'revoke-to-lock',
    value: percentile(samples, 0.95),
    unit: 'ms',
    floor,
    goal: 300,
    how: `p95 of ${rounds} (median ${percentile(samples, 0.5).toFixed(0)}): the admin's request leaves → the lock is painted; floor: one empty request and two frames`,
  });
}
