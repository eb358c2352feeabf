import { setTimeout as delay } from 'node:timers/promises';
import { iso14443a } from '#e2e/card/cards.ts';
import { type CoveredTerminal, pin } from '#e2e/curtain/covered-terminal.ts';
import { monotonic } from '#e2e/curtain/probe.ts';
import { lifted, settled, until } from '#e2e/world.ts';
import { type Figure, figure, percentile } from './figure.ts';

/** An idle limit that one can wait for. */
const idleSeconds = 6;
export const lockPolicy = JSON.stringify({ session: { idleSeconds, warnSeconds: 2 } });

/** Different cards follow each other without the pause that one and the same card needs. */
const identifiers = ['04A1B2C3D4E580', '04A1B2C3D4E581', '04A1B2C3D4E582'];
type Card = ReturnType<typeof iso14443a>;
/** Two different cards within a second are two cards at once. */
const apart = (): Promise<void> => delay(1_100);
/** What `performance.now()` reads where the clock of the probes reads zero, turned round. */
const clockGap = monotonic() - performance.now();

/** What a way to lock is asked with: the terminal is open, by this card. */
interface Opened {
  readonly at: CoveredTerminal;
  readonly card: Card;
  readonly other: Card;
}
/** Asks for the lock; the moment, by the clock of the probes, from which it counts. */
type Ask = (opened: Opened) => Promise<number>;

const seen = async ({ terminal }: CoveredTerminal, card: Card): Promise<number> => {
  await settled();
  await terminal.slot.insert(card);
  return (await until('the reader sees the card', () => terminal.slot.seenAt())) + clockGap;
};
const say =
  (word: string): Ask =>
  async ({ at }) => {
    const asked = monotonic();
    at.logind?.say(word);
    return asked;
  };

const ways: readonly (readonly [name: string, ask: Ask])[] = [
  ['same card', ({ at, card }) => seen(at, card)],
  ['other card', ({ at, other }) => seen(at, other)],
  ['idle', async ({ at }) => (await at.press('a')) + idleSeconds * 1_000],
  ['hot key', ({ at }) => at.pressLock()],
  ['sleep', say('sleep')],
  ['system', say('lock')],
  [
    'person suspended',
    async ({ at: { world, hanako } }) => {
      const asked = monotonic();
      await world.admin.do('people/suspend', { params: { person: hanako.id }, body: { reason: 'bench' } });
      return asked;
    },
  ],
  [
    'session ended',
    async ({ at: { world, hanako } }) => {
      const { sessions } = await world.admin.do('people/show', { params: { person: hanako.id } });
      const asked = monotonic();
      await world.admin.do('sessions/revoke', {
        params: { session: sessions[0]?.id as never },
        body: { reason: 'bench' },
      });
      return asked;
    },
  ],
];

/** A request → no pixel of the desktop is seen any more, in each way to ask for it; and the last key → it is seen. */
export async function measureLocks(at: CoveredTerminal, rounds: number): Promise<Figure[]> {
  const { terminal, hanako } = at;
  const held = identifiers.map((identifier) => iso14443a(identifier));
  // The first is hers already.
  for (const card of held.slice(1)) {
    await apart();
    await terminal.shows('ready', 30_000);
    await terminal.enrolCard(hanako, card);
    await terminal.shows('ready', 30_000);
  }
  await lifted();

  const opening: number[] = [];
  const covering = new Map<string, number[]>(ways.map(([name]) => [name, []]));
  let turn = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, ask] of ways) {
      turn += 1;
      const own = held[turn % held.length];
      // Not the one that comes next: the same card within 1.5 s is one tap.
      const other = held[(turn + 2) % held.length];
      if (own === undefined || other === undefined) throw new Error('no card');
      opening.push(await open(at, own));
      const asked = await ask({ at, card: own, other });
      covering.get(name)?.push(await at.coveredAfter(asked, 15_000));
      await terminal.slot.remove();
      if (name === 'person suspended')
        await at.world.admin.do('people/resume', { params: { person: hanako.id }, body: { reason: 'bench' } });
      if (name === 'sleep') at.logind?.say('wake');
      if (name === 'other card') {
        await terminal.shows('secret');
        await at.press('escape');
      }
      await apart();
    }
  }
  const describe = ([name, times]: readonly [string, readonly number[]]): string =>
    `${name} ${percentile(times, 0.5).toFixed(0)}/${percentile(times, 0.95).toFixed(0)}`;
  const all = [...covering.values()].flat();
  const worst = Math.max(...[...covering.values()].map((times) => percentile(times, 0.95)));
  return [
    figure({
      name: 'lock-to-cover',
      value: worst,
      unit: 'ms',
      floor: null,
      goal: 150,
      how: `the worst way's p95 of ${rounds} (all ways: median ${percentile(all, 0.5).toFixed(0)}, p95 ${percentile(all, 0.95).toFixed(0)} of ${all.length}); each median/p95: ${[...covering].map(describe).join(', ')}: what asks for the lock → no pixel of the desktop on the display under the curtains`,
    }),
    figure({
      name: 'key-to-desktop',
      value: percentile(opening, 0.95),
      unit: 'ms',
      floor: null,
      goal: 150,
      how: `p95 of ${opening.length} (median ${percentile(opening, 0.5).toFixed(0)}): last key on the keyboard → the desktop's pixels on the display under the curtains`,
    }),
  ];
}

/** Logs in with real keys; milliseconds from the last one until the desktop was seen. */
async function open(at: CoveredTerminal, card: Card): Promise<number> {
  const { terminal, watch } = at;
  await terminal.shows('ready', 30_000);
  await terminal.slot.insert(card);
  const page = await terminal.shows('secret');
  await terminal.slot.remove();
  await at.type(pin);
  await until('every digit has arrived', async () => (await page.locator('.dot.full').count()) === pin.length);
  const pressed = await at.press('enter');
  await until('the desktop is seen', at.isOpen);
  return (watch.changes.at(-1)?.at ?? 0) - pressed;
}
