import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PersonSummary } from '#contract/api/people.ts';
import type { TerminalId } from '#contract/ids.ts';
import type { ToScreen } from '#contract/screen.ts';
import type { ServerHouse } from '#setup/house.ts';
import { type Kept, keep } from '#setup/keep.ts';
import type { Keyring } from '#setup/keyring.ts';
import { node, root } from '#setup/paths.ts';
import type { createStops } from '#setup/stops.ts';
import { iso14443a } from '../card/cards.ts';
import { type ReaderService, startReaderService } from '../card/service.ts';
import { type CardKind, createVirtualSlot, type VirtualSlot } from '../card/virtual-card.ts';
import type { ConsoleClient } from '../client.ts';
import { lifted, until } from '../world.ts';
import { joinScreen, type RawScreen } from './raw-screen.ts';

/** What a person has in hand and in mind. */
export interface Means {
  readonly card: CardKind;
  readonly pin: string;
}

/** Of the one person whom a test needs. */
export const usual: Means = { card: iso14443a('04A1B2C3D4E5F6'), pin: '40718293' };

/** A terminal without windows: a real guard and reader process, a virtual card reader, and a screen that speaks over the socket. */
export interface Ward {
  readonly name: string;
  readonly folder: string;
  readonly readers: ReaderService;
  readonly slot: VirtualSlot;
  id(): TerminalId;
  screen(): RawScreen;
  guard(): Kept;
  /** Of its guard; with a code where it is to be enrolled. */
  env(code?: string): NodeJS.ProcessEnv;
  readonly socket: string;
  readonly log: string;
  /** What the guard kept of its admission. */
  kept(): { readonly terminal: TerminalId; readonly certificate: string; readonly authority: string };
  /** Starts the guard, with a code where it is to be enrolled. */
  start(code?: string): Promise<void>;
  /** A new screen in place of the one that was there. */
  join(): Promise<void>;
  /** Holds a card over the reader until it has seen it. */
  hold(card: CardKind): Promise<void>;
  stop(): Promise<void>;
  /** Card and PIN of a person, who stands at this terminal. */
  enrol(admin: Pick<ConsoleClient, 'do'>, person: PersonSummary, means?: Means): Promise<void>;
  /** Card and PIN open the desktop; then it is locked again. */
  logIn(means?: Means): Promise<void>;
  /** Holds the card over the reader: it opens nothing, not even the keypad. */
  isRefused(): Promise<void>;
}

export interface WardOptions {
  readonly folder: string;
  readonly name: string;
  readonly server: () => Pick<ServerHouse, 'origin' | 'authority'>;
  readonly keyring: Pick<Keyring, 'env'>;
  /** Further variables of the guard. */
  readonly env?: NodeJS.ProcessEnv;
  /** Is told every message of the guard to the screen. */
  readonly hear?: (message: ToScreen) => void;
  /** Where the program lies at its next start; this product's own folder when left out. */
  readonly tree?: () => string;
  readonly stops: ReturnType<typeof createStops>;
}

/** Starts a guard and waits until it is ready. */
export const startGuard = (name: string, log: string, env: NodeJS.ProcessEnv, tree = root): Promise<Kept> =>
  keep({
    name,
    command: node,
    args: [join(tree, 'guard', 'start.ts')],
    cwd: tree,
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'], ...env },
    log,
    ready: { line: /^\{"ready":true.*\}$/ },
  });

export async function createWard(options: WardOptions): Promise<Ward> {
  const { name, keyring, stops, server } = options;
  const folder = join(options.folder, name);
  const readers = await startReaderService({ folder: join(options.folder, `readers-${name}`), slots: 1 });
  stops.add(readers.stop);
  const slot = createVirtualSlot(readers.ports[0] ?? 0);
  stops.add(slot.remove);
  const socket = join(options.folder, `run-${name}`, 'guard.sock');
  let guard: Kept | undefined;
  let screen: RawScreen | undefined;

  const getScreen = (): RawScreen => {
    if (screen === undefined) throw new Error(`${name} has no screen`);
    return screen;
  };
  const getGuard = (): Kept => {
    if (guard === undefined) throw new Error(`${name} has no guard`);
    return guard;
  };
  const rejoin: Ward['join'] = async () => {
    screen?.close();
    screen = await joinScreen(socket, { hear: options.hear });
  };
  const kept: Ward['kept'] = () => JSON.parse(readFileSync(join(folder, 'terminal.json'), 'utf8'));
  const stop = async (): Promise<void> => {
    await guard?.stop();
    screen?.close();
    [guard, screen] = [undefined, undefined];
  };
  stops.add(stop);
  const log = join(options.folder, `${name}.log`);
  const env: Ward['env'] = (code) => ({
    ...keyring.env,
    KAZASU_DATA: folder,
    KAZASU_SERVER: server().origin,
    KAZASU_AUTHORITY: server().authority,
    KAZASU_GUARD_SOCKET: socket,
    KAZASU_LOG: 'debug',
    PCSCLITE_CSOCK_NAME: readers.socket,
    ...options.env,
    ...(code === undefined ? {} : { KAZASU_ENROLMENT_CODE: code }),
  });
  const hold = async (card: CardKind): Promise<void> => {
    await slot.insert(card);
    await until('the reader sees the card', () => slot.seenAt() !== undefined);
  };
  return {
    name,
    folder,
    readers,
    slot,
    guard: getGuard,
    env,
    socket,
    log,
    join: rejoin,
    hold,
    id: () => kept().terminal,
    screen: getScreen,
    kept,
    async start(code) {
      guard = await startGuard(`guard of ${name}`, log, env(code), options.tree?.());
      await rejoin();
    },
    stop,
    async enrol(admin, person, { card, pin } = usual) {
      await getScreen().shows('ready', 15_000);
      const { terminal } = kept();
      await admin.do('ceremonies/begin', { body: { task: 'card', person: person.id, terminal, label: '職員証' } });
      await getScreen().shows('ceremony');
      await hold(card);
      await until('the card is enrolled', async () => (await getScreen().shows('ceremony')).picture.step === 'done');
      await slot.remove();
      // For as long as it is said that this is done, the card becomes a new tap again.
      await getScreen().shows('ready');
      await admin.do('ceremonies/begin', { body: { task: 'pin', person: person.id, terminal, label: '' } });
      await getScreen().shows('ceremony');
      await hold(card);
      for (const step of ['choose-pin', 'repeat-pin'] as const) {
        await until(step, async () => (await getScreen().shows('ceremony')).picture.step === step);
        getScreen().press([...pin, 'enter']);
      }
      await until('the PIN is set', async () => (await getScreen().shows('ceremony')).picture.step === 'done');
      await slot.remove();
      await getScreen().shows('ready');
    },
    async logIn({ card, pin } = usual) {
      await getScreen().shows('ready', 15_000);
      await hold(card);
      await getScreen().shows('secret');
      await slot.remove();
      getScreen().press([...pin, 'enter']);
      await getScreen().shows('open');
      getScreen().call('session/lock', {}, 'badge');
      await getScreen().shows('ready');
      await lifted();
    },
    async isRefused() {
      await getScreen().shows('ready', 15_000);
      await hold(usual.card);
      await getScreen().shows('refused');
      await slot.remove();
      await lifted();
      getScreen().call('login/cancel');
      await getScreen().shows('ready');
    },
  };
}
