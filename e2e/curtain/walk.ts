import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { iso14443a } from '../card/cards.ts';
import { readJournal } from '../faults/journal.ts';
import { createRandom, type Random } from '../faults/random.ts';
import { lifted, until } from '../world.ts';
import { type CoveredTerminal, pin } from './covered-terminal.ts';
import { monotonic } from './probe.ts';
import { findChromium } from './processes.ts';
import { clockError, findUnvouched, listSights, type Opening } from './sights.ts';

/** What a walk needs of the policy: nobody is kept out for the PINs that it types wrong. */
export const walkPolicy = JSON.stringify({ tries: { soft: 20, hard: 100, terminal: 100 } });

/** What one walk has seen. */
export interface Walked {
  readonly steps: readonly string[];
  /** How often the desktop was seen to open, and how often the journal says that it did. */
  readonly opened: number;
  readonly recorded: number;
}

type Step = (at: CoveredTerminal, random: Random) => Promise<unknown>;

const stranger = iso14443a('04DEADBEEF0001');
const hold = async ({ terminal: { slot } }: CoveredTerminal, card: typeof stranger, milliseconds: number) => {
  await slot.insert(card);
  await delay(milliseconds);
  await slot.remove();
};
const kill = async (pid: number | undefined): Promise<void> => {
  if (pid === undefined) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
};
/** A whole login, unless something in the way of it comes first. */
const logIn: Step = async (at) => {
  await lifted();
  const ready = await at.terminal.shows('ready', 3_000).catch(() => undefined);
  if (ready === undefined) return;
  await hold(at, at.card, 250);
  if ((await at.terminal.shows('secret', 2_000).catch(() => undefined)) === undefined) return;
  await at.type(pin, 'enter');
  await until('the desktop is seen', at.isOpen, 2_000).catch(() => undefined);
};

const steps: Readonly<Record<string, Step>> = {
  'log in': logIn,
  'hold the card': (at, random) => hold(at, at.card, random.whole(40, 400)),
  'hold a strange card': (at, random) => hold(at, stranger, random.whole(40, 400)),
  'leave a card': ({ terminal, card }) => terminal.slot.insert(card),
  'take it away': ({ terminal }) => terminal.slot.remove(),
  'type the PIN': (at) => at.type(pin, 'enter'),
  'type a wrong PIN': (at) => at.type('55667788', 'enter'),
  'type digits': (at, random) => at.type(String(random.whole(0, 99_999))),
  'press a digit': (at, random) => at.type(String(random.whole(0, 9))),
  'press enter': (at) => at.press('enter'),
  'press a letter': (at) => at.press('a'),
  escape: (at) => at.press('escape'),
  'press the hot key': (at) => at.pressLock(),
  'click anywhere': (at, random) => at.click(random.whole(0, 1_279), random.whole(0, 799)),
  'logind asks to lock': async ({ logind }) => logind?.say('lock'),
  async 'logind asks to unlock'({ logind }) {
    logind?.say('unlock');
  },
  async sleep({ logind }, random) {
    logind?.say('sleep');
    await delay(random.whole(50, 300));
    logind?.say('wake');
  },
  async 'revoke the session'({ world, hanako }) {
    const { sessions } = await world.admin.do('people/show', { params: { person: hanako.id } });
    for (const { id } of sessions)
      await world.admin
        .do('sessions/revoke', { params: { session: id as never }, body: { reason: 'walk' } })
        .catch(() => undefined);
  },
  'kill the guard': async ({ terminal }) => terminal.house.guard.kill('SIGKILL'),
  'kill the screen': (at) => kill(at.tryFind('screen')),
  'kill the painter': (at) => kill(at.tryFind('painter')),
  // There is none while the screen is on its way back.
  'kill a page': (at, random) => kill(findChromium(at.tryFind('screen'), 'renderer').at(Math.floor(random.next() * 2))),
  async 'kill a curtain'(at, random) {
    await kill(at.tryFind('curtain', random.whole(0, 1) === 0 ? 0 : 1));
    // Its successor covers before the other one may go, too.
    await delay(700);
  },
};
/** How often each step is taken, and the longest pause after one (milliseconds). */
export interface Gait {
  readonly weights: Readonly<Record<string, number>>;
  readonly pause: number;
}

/** Few steps, most of them large. */
export const stroll: Gait = {
  weights: {
    ...Object.fromEntries(Object.keys(steps).map((name) => [name, 2])),
    'log in': 12,
    'hold the card': 4,
    'type the PIN': 4,
    'kill the guard': 1,
    'kill the screen': 1,
    'kill the painter': 1,
    'kill a curtain': 1,
  },
  pause: 150,
};

/** Many steps: mostly keys and clicks, as quick as hands are, so that a thousand of them take half a minute. */
export const rush: Gait = {
  weights: {
    'press a digit': 38,
    'click anywhere': 22,
    escape: 8,
    'press a letter': 6,
    'press enter': 6,
    'press the hot key': 3,
    'hold the card': 2.5,
    'take it away': 2,
    'type the PIN': 2,
    'leave a card': 1,
    'hold a strange card': 1,
    'logind asks to unlock': 1,
    'type a wrong PIN': 0.6,
    'logind asks to lock': 0.6,
    'log in': 0.5,
    sleep: 0.5,
    'revoke the session': 0.5,
    'kill the painter': 0.3,
    'kill a page': 0.3,
    'kill the screen': 0.2,
    'kill the guard': 0.15,
    'kill a curtain': 0.15,
  },
  pause: 10,
};

/**
 * Does so many things at random, then locks. Throws where the desktop was seen without an opening of its own in the journal,
 * or an opening has no session that the server began, or the lock cannot be reached.
 */
export async function walk(at: CoveredTerminal, seed: number, length: number, gait = stroll): Promise<Walked> {
  const random = createRandom(seed, 'walk');
  const taken: string[] = [];
  const from = at.watch.changes.length;
  const began = Date.now();
  const curtainsKilled: number[] = [];
  for (let count = 0; count < length; count += 1) {
    const name = random.weighted(gait.weights);
    taken.push(name);
    if (name === 'kill a curtain') curtainsKilled.push(monotonic());
    await steps[name]?.(at, random);
    await delay(random.whole(0, gait.pause));
  }
  try {
    await reachLock(at);
    const told = await account(at, { from, began, curtainsKilled });
    return { steps: taken, ...told };
  } catch (error) {
    throw new Error(`walk ${seed}: ${taken.join(', ')}`, { cause: error });
  }
}

/** From wherever it is. */
async function reachLock(at: CoveredTerminal): Promise<void> {
  await at.terminal.slot.remove();
  await at.terminal.house.guard.whenReady();
  const asked = monotonic();
  await at.pressLock();
  if (at.isOpen()) assert.ok((await at.coveredAfter(asked, 5_000)) < 2_000, 'the lock is reached at once');
  await until(
    'it waits, covered',
    async () => {
      await at.press('escape');
      return !at.isOpen() && (await at.terminal.shows('ready', 1_500).catch(() => undefined)) !== undefined;
    },
    60_000,
  );
}

/** Each time that the desktop was seen against the openings that the journal holds. */
async function account(
  at: CoveredTerminal,
  { from, began, curtainsKilled }: { from: number; began: number; curtainsKilled: readonly number[] },
): Promise<Omit<Walked, 'steps'>> {
  const gap = Date.now() - monotonic();
  const seen = listSights(at.watch.changes.slice(from), curtainsKilled);
  const journal = join(dirname(at.terminal.house.screenData), 'guard', 'journal');
  const records = readJournal(journal).map(({ at: written, facts }) => ({ ...facts, at: Date.parse(written) }));
  const locks = new Map(records.filter(({ kind }) => kind === 'screen.locked').map((lock) => [lock.session, lock.at]));
  const openings: Opening[] = records
    .filter((record) => record.kind === 'screen.opened' && record.at >= began - clockError)
    .map(({ at: opened, session }) => ({ at: opened, session, lockedAt: locks.get(session) ?? null }));
  const told = JSON.stringify({ seen: seen.map((shown) => shown + gap), openings });
  assert.ok(seen.length <= openings.length, `seen ${seen.length} times, recorded ${openings.length} times: ${told}`);
  const unvouched = findUnvouched(
    seen.map((shown) => shown + gap),
    openings,
  );
  if (unvouched !== null) assert.fail(`seen at ${new Date(unvouched).toISOString()} without its event`);
  if (openings.length > 0) {
    const sessions = (await at.world.events({ kind: 'session.began' })).map(({ session }) => session);
    for (const { session } of openings) assert.ok(sessions.includes(session as never), 'an accepted attempt');
  }
  return { opened: seen.length, recorded: openings.length };
}
