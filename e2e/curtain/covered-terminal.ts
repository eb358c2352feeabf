import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CardSummary, PersonSummary } from '#contract/api/people.ts';
import { buildLogind } from '#setup/logind.ts';
import { run } from '#setup/run.ts';
import { createStops } from '#setup/stops.ts';
import { iso14443a } from '../card/cards.ts';
import type { CardKind } from '../card/virtual-card.ts';
import { openSystemBus } from '../logind/login1.ts';
import { createWorld, lifted, type Terminal, until, type World, type WorldOptions } from '../world.ts';
import { findChild, isCurtain } from './curtain-world.ts';
import { monotonic, type Probe, startProbe } from './probe.ts';

/** The stripe at the top of the lock screen, whatever colour it has: the curtain itself is of one. */
const stripe = { x: '640', y: '3', colour: '!08192b' };
const size = '1280x800x24';
/** Of the ordinary keyboard: the top row, as its codes lie. */
const codes = { digits: [19, 10, 11, 12, 13, 14, 15, 16, 17, 18], enter: 36, escape: 9, a: 38, lock: [37, 64, 46] };
export const pin = '73019462';

export type Program = 'curtain' | 'painter' | 'display' | 'screen';

/** The whole product under the real curtain, with a victim behind it, somebody's card and PIN, and hands and eyes at its display. */
export interface CoveredTerminal {
  readonly world: World;
  readonly terminal: Terminal;
  readonly hanako: PersonSummary;
  readonly enrolled: CardSummary;
  readonly card: CardKind;
  /** A red window over everything, which counts the keys that reach it. */
  readonly victim: Probe;
  /** Sees the victim. */
  readonly watch: Probe;
  /** Sees the lock screen itself, or an open desktop. */
  readonly glass: Probe;
  /** What the stand-in for logind hears; undefined without it. */
  readonly logind:
    | { say(word: string): void; says(line: string, from?: number): Promise<void>; readonly heard: readonly string[] }
    | undefined;
  keys(...names: readonly string[]): Promise<unknown>;
  /** Types digits and, where wanted, Enter, as fast as a keyboard can; when the last key was pressed. */
  type(digits: string, last?: 'enter'): Promise<number>;
  /** One of the keys that have a name here. */
  press(key: 'enter' | 'escape' | 'a'): Promise<number>;
  /** The hot key; when it was pressed. */
  pressLock(): Promise<number>;
  click(x: number, y: number): Promise<number>;
  isOpen(): boolean;
  /** Logs in with card and PIN. */
  opened(card?: CardKind): Promise<void>;
  /** Milliseconds until no pixel of the victim was seen any more. */
  coveredAfter(from: number, within?: number): Promise<number>;
  tryFind(name: Program, seat?: 0 | 1): number | undefined;
  program(name: Program, seat?: 0 | 1): Promise<number>;
  stop(): Promise<void>;
}

export interface CoveredOptions extends Pick<WorldOptions, 'env' | 'logLevel'> {
  readonly logind?: boolean;
}

export async function createCoveredTerminal(options: CoveredOptions = {}): Promise<CoveredTerminal> {
  const stops = createStops();
  try {
    const logind = options.logind === true ? await startLogind(stops.add) : undefined;
    const world = await createWorld({
      curtain: true,
      size,
      ...(options.env === undefined ? {} : { env: options.env }),
      ...(options.logLevel === undefined ? {} : { logLevel: options.logLevel }),
      ...(logind === undefined ? {} : { guardEnv: logind.env }),
    });
    stops.add(world.stop);
    const probe = async (...words: readonly string[]): Promise<Probe> => {
      const started = await startProbe(world.display.env, ...words);
      stops.add(started.stop);
      return started;
    };
    const victim = await probe('victim');
    const terminal = await world.addTerminal('3東-NS-02');
    const watch = await probe('watch');
    const glass = await probe('watch', stripe.x, stripe.y, stripe.colour);
    const hand = await probe('hand');
    const hanako = await world.addPerson({ number: '004217', name: '山田 花子' });
    const card = iso14443a('04A1B2C3D4E580');
    const enrolled = await terminal.enrol(hanako, card, pin);

    const isOpen = () => watch.changes.at(-1)?.red === true;
    const tryFind: CoveredTerminal['tryFind'] = (name, seat = 0) =>
      findChild(terminal.house.screen.pid(), (child) =>
        name === 'curtain'
          ? isCurtain(seat)(child)
          : child.program === { painter: 'painter', display: 'Xvfb', screen: 'electron' }[name],
      );
    const press = (...pressed: readonly number[]): Promise<number> => hand.tell(`press ${pressed.join(' ')}`);
    const type: CoveredTerminal['type'] = async (digits, last) => {
      await press(...[...digits].map((digit) => codes.digits[Number(digit)] ?? 0));
      return last === undefined ? monotonic() : press(codes[last]);
    };
    return {
      world,
      terminal,
      hanako,
      enrolled,
      card,
      victim,
      watch,
      glass,
      logind: logind?.logind,
      keys: (...names) =>
        run('xdotool', ['key', '--delay', '15', ...names], { env: { ...process.env, ...world.display.env } }),
      type,
      press: (key) => press(codes[key]),
      pressLock: () => hand.tell(`chord ${codes.lock.join(' ')}`),
      click: (x, y) => hand.tell(`click ${Math.round(x)} ${Math.round(y)}`),
      isOpen,
      async opened(held = card) {
        await lifted();
        await terminal.shows('ready', 60_000);
        await terminal.tap(held);
        await terminal.shows('secret');
        await type(pin, 'enter');
        await until('the desktop is seen', isOpen);
        await terminal.shows('open');
      },
      async coveredAfter(from, within) {
        await until('the desktop is not seen', () => !isOpen(), within);
        return (watch.changes.at(-1)?.at ?? 0) - from;
      },
      tryFind,
      program: (name, seat) => until(`the ${name} runs`, () => tryFind(name, seat)),
      stop: stops.stop,
    };
  } catch (error) {
    await stops.stop();
    throw error;
  }
}

/** A system bus with as much of logind on it as a lock needs. */
async function startLogind(add: (stop: () => Promise<void> | void) => void) {
  const folder = mkdtempSync(join(tmpdir(), 'kz-bus-'));
  add(() => rmSync(folder, { recursive: true, force: true }));
  const bus = await openSystemBus(folder);
  add(bus.stop);
  const logind = await bus.startLogind();
  return { logind, env: { ...bus.env, KAZASU_LOGIND: await buildLogind() } };
}
