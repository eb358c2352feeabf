import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Browser, chromium, type Page } from 'playwright';
import type { CardSummary, PersonSummary } from '#contract/api/people.ts';
import type { StoredEvent } from '#contract/audit.ts';
import type { TerminalId } from '#contract/ids.ts';
import type { WindowKind } from '#contract/screen.ts';
import { type Display, openDisplay } from '#setup/display.ts';
import { type ServerHouse, startServer, startTerminal, type TerminalHouse } from '#setup/house.ts';
import { type Keyring, openKeyring } from '#setup/keyring.ts';
import { createStops } from '#setup/stops.ts';
import { type ReaderService, startReaderService } from './card/service.ts';
import { type CardKind, createVirtualSlot, type VirtualSlot } from './card/virtual-card.ts';
import { becomeFirstAdmin, type ConsoleClient, createClient, type Secrets, seedOf, totp } from './client.ts';

/** A whole hospital in one folder: server, PostgreSQL, terminals, readers, display and keyring; all real. */
export interface World {
  readonly folder: string;
  readonly server: ServerHouse;
  readonly admin: ConsoleClient;
  readonly adminSecrets: Secrets;
  readonly display: Display;
  addTerminal(name: string, place?: string): Promise<Terminal>;
  addPerson(person: {
    number: string;
    name: string;
    kana?: string;
    roles?: PersonSummary['roles'];
  }): Promise<PersonSummary>;
  events(filter?: { person?: string; terminal?: string; kind?: string; supportCode?: string }): Promise<StoredEvent[]>;
  /** Waits until the log holds such an event. */
  event(fits: (event: StoredEvent) => boolean, what: string): Promise<StoredEvent>;
  stop(): Promise<void>;
}

export interface Terminal {
  readonly id: TerminalId;
  readonly name: string;
  readonly house: TerminalHouse;
  readonly readers: ReaderService;
  readonly slot: VirtualSlot;
  /** The window of this kind; waits for it, also after the screen was started again. */
  window(kind: WindowKind): Promise<Page>;
  /** Holds a card over the reader for as long as a hand does, and takes it away. */
  tap(card: CardKind): Promise<void>;
  /** Waits until the lock screen (or the badge) shows this picture. */
  shows(picture: string, within?: number): Promise<Page>;
  /** Types digits on the keyboard, and Enter. */
  type(digits: string, enter?: boolean): Promise<void>;
  logIn(card: CardKind, pin: string): Promise<void>;
  /** Enrols the card, then the PIN, with the person standing at this terminal. */
  enrol(person: PersonSummary, card: CardKind, pin: string): Promise<CardSummary>;
  enrolCard(person: PersonSummary, card: CardKind): Promise<CardSummary>;
  enrolPin(person: PersonSummary, card: CardKind, pin: string): Promise<void>;
}

export async function until<Value>(
  what: string,
  ask: () => Promise<Value | undefined | null | false> | Value | undefined | null | false,
  within = 20_000,
): Promise<Value> {
  const begun = performance.now();
  const end = begun + within;
  let last: unknown;
  for (;;) {
    try {
      const value = await ask();
      if (value) return value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw new Error(`Waited ${within} ms in vain: ${what}`, { cause: last });
    // What takes long is asked for less and less often: asking costs what is waited for its processor.
    await delay(20 + Math.min(180, (performance.now() - begun) / 10));
  }
}

/** A hand holds a card so long over a reader that has asked it everything (milliseconds). */
const heldFor = 300;

/** The same card within 1.5 s is one tap to the product, and for 2.5 s after opening a second tap is haste: a test that means two taps lets that time pass. */
export const lifted = (): Promise<void> => delay(1_600);
export const settled = (): Promise<void> => delay(2_700);

/** For servers that are killed and started again: none that the system gives to a connection meanwhile (`server/free-port.ts`). */
const [firstPort, portCount] = [10_000, 22_768];
let nextPort = process.pid * 41;

export async function freePort(): Promise<number> {
  for (;;) {
    const port = firstPort + (nextPort++ % portCount);
    const probe = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }
}

export interface WorldOptions {
  readonly folder?: string;
  /** Width x height x depth of the virtual display. */
  readonly size?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** How much the guards write. */
  readonly logLevel?: 'debug' | 'info';
  /** Terminals cover their display with native curtains. */
  readonly curtain?: boolean;
  /** Makes the file of what a terminal does when somebody comes or goes, and gives its path. */
  readonly hooks?: (display: Display, folder: string) => Promise<string>;
  /** Further settings of the guards. */
  readonly guardEnv?: NodeJS.ProcessEnv;
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const own = options.folder === undefined;
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'kazasu-'));
  // PostgreSQL runs as another user when this is root, and must pass through.
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o711);
  const stops = createStops();
  if (own) stops.add(() => rmSync(folder, { recursive: true, force: true }));
  try {
    const port = await freePort();
    const [display, keyring, server] = await Promise.all([
      openDisplay({ folder: join(folder, 'display'), virtual: true, ...(options.size ? { size: options.size } : {}) }),
      openKeyring({ folder: join(folder, 'keyring'), own: true }),
      startServer({ folder: join(folder, 'server'), port, ...(options.env ? { env: options.env } : {}) }),
    ]);
    stops.add(display.stop);
    stops.add(keyring.stop);
    stops.add(server.stop);
    const admin = createClient(server.origin, server.authority);
    stops.add(admin.close);
    const link = server.firstAdmin();
    if (link === null) throw new Error('The server printed no link for the first admin');
    const adminSecrets = await becomeFirstAdmin(admin, link);

    const events: World['events'] = async (filter = {}) =>
      (await admin.do('events/list', { query: { limit: 200, ...filter } as never })).events;

    return {
      folder,
      server,
      admin,
      adminSecrets,
      display,
      events,
      event: (fits, what) => until(`an event: ${what}`, async () => (await events()).find(fits)),
      addPerson: async (person) =>
        (await admin.do('people/add', { body: { kana: '', roles: ['clinician'], ...person } })).person,
      async addTerminal(name, place = '3階東病棟') {
        const terminal = await startWorldTerminal({
          folder,
          admin,
          server,
          display,
          keyring,
          name,
          place,
          logLevel: options.logLevel ?? 'info',
          curtain: options.curtain ?? false,
          ...(options.hooks === undefined ? {} : { hooks: await options.hooks(display, folder) }),
          ...(options.guardEnv === undefined ? {} : { guardEnv: options.guardEnv }),
        });
        stops.add(terminal.stop);
        return terminal;
      },
      stop: stops.stop,
    };
  } catch (error) {
    await stops.stop();
    throw error;
  }
}

interface TerminalParts {
  readonly folder: string;
  readonly admin: ConsoleClient;
  readonly server: ServerHouse;
  readonly display: Display;
  readonly keyring: Keyring;
  readonly name: string;
  readonly place: string;
  readonly logLevel: 'debug' | 'info';
  readonly curtain: boolean;
  readonly hooks?: string;
  readonly guardEnv?: NodeJS.ProcessEnv;
}

/** What was started of a terminal that did not come up is stopped: nothing would end with the test otherwise. */
async function startWorldTerminal(parts: TerminalParts): Promise<Terminal & { stop(): Promise<void> }> {
  const stops = createStops();
  try {
    return { ...(await connectTerminal(parts, stops)), stop: stops.stop };
  } catch (error) {
    await stops.stop();
    throw error;
  }
}

async function connectTerminal(parts: TerminalParts, stops: ReturnType<typeof createStops>): Promise<Terminal> {
  const { admin, server, name } = parts;
  const { terminal: id, code } = await admin.do('terminals/announce', { body: { name, place: parts.place } });
  const folder = join(parts.folder, `terminal-${id.slice(-8)}`);
  const readers = await startReaderService({ folder: join(tmpdir(), `kz-${id.slice(-8)}`), slots: 1 });
  stops.add(readers.stop);
  const address = readers.ports[0];
  if (address === undefined) throw new Error('no reader');
  const slot = createVirtualSlot(address);
  stops.add(slot.remove);
  const house = await startTerminal({
    folder,
    origin: server.origin,
    authority: server.authority,
    code,
    readerSocket: readers.socket,
    display: parts.display.env,
    keyring: parts.keyring.env,
    debug: true,
    logLevel: parts.logLevel,
    curtain: parts.curtain,
    ...(parts.hooks === undefined ? {} : { hooks: parts.hooks }),
    ...(parts.guardEnv === undefined ? {} : { guardEnv: parts.guardEnv }),
  });
  stops.add(house.stop);
  const screen = createScreenEyes(house);
  stops.add(screen.close);

  const shows: Terminal['shows'] = (picture, within = 20_000) =>
    until(
      `${name} shows ${picture}`,
      async () => {
        const page = await screen.window(picture === 'open' ? 'badge' : 'lock');
        await page
          .waitForSelector(`[data-picture="${picture}"]`, { timeout: 2_000, state: 'attached' })
          .catch(screen.doubt);
        return page;
      },
      within,
    );
  const tap: Terminal['tap'] = async (card) => {
    await slot.insert(card);
    await until('the reader sees the card', () => slot.seenAt() !== undefined);
    await slot.wasRead(heldFor);
    await slot.remove();
  };
  const type: Terminal['type'] = async (digits, enter = true) => {
    const page = await screen.window('lock');
    for (const digit of digits) await page.keyboard.press(digit);
    if (enter) await page.keyboard.press('Enter');
  };
  const enrolCard: Terminal['enrolCard'] = async (person, card) => {
    const { ceremony } = await admin.do('ceremonies/begin', {
      body: { task: 'card', person: person.id, terminal: id, label: '職員証' },
    });
    await shows('ceremony');
    await tap(card);
    return until('the card is enrolled', async () => {
      const now = await admin.do('ceremonies/show', { params: { ceremony: ceremony.id } });
      return now.ceremony.state === 'done' ? now.ceremony.card : null;
    });
  };
  const enrolPin: Terminal['enrolPin'] = async (person, card, pin) => {
    const { ceremony } = await admin.do('ceremonies/begin', {
      body: { task: 'pin', person: person.id, terminal: id, label: '' },
    });
    const page = await shows('ceremony');
    await page.waitForSelector('[data-step="hold-card"]');
    await tap(card);
    await page.waitForSelector('[data-step="choose-pin"]');
    await type(pin);
    await page.waitForSelector('[data-step="repeat-pin"]');
    await type(pin);
    await until('the PIN is set', async () => {
      const now = await admin.do('ceremonies/show', { params: { ceremony: ceremony.id } });
      return now.ceremony.state === 'done';
    });
    await shows('ready');
  };
  const terminal: Terminal = {
    id,
    name,
    house,
    readers,
    slot,
    window: screen.window,
    tap,
    shows,
    type,
    async logIn(card, pin) {
      await shows('ready');
      await tap(card);
      await shows('secret');
      await type(pin);
      await shows('open');
    },
    enrolCard,
    enrolPin,
    async enrol(person, card, pin) {
      await shows('ready');
      const enrolled = await enrolCard(person, card);
      // For as long as it is said that this is done, a card that was taken away is a new tap again.
      await shows('ready');
      await enrolPin(person, card, pin);
      return enrolled;
    },
  };
  await until('the terminal is online', async () => {
    const { terminals } = await admin.do('terminals/list');
    return terminals.find((each) => each.id === id)?.online;
  });
  await shows('ready', 20_000);
  return terminal;
}

/** Sees the pages of a screen, also after it was started again. */
export interface ScreenEyes {
  window: Terminal['window'];
  /** Any page of the screen; waits for it. */
  page(what: string, fits: (page: Page) => boolean): Promise<Page>;
  /** After a crash the connection knows a page that is gone: the next look makes a new one. */
  doubt(problem: Error): Promise<never>;
  close(): Promise<void>;
}

export function createScreenEyes(house: TerminalHouse): ScreenEyes {
  let browser: Browser | null = null;
  let pid: number | undefined;

  const connect = async (): Promise<Browser> => {
    if (browser?.isConnected() && pid === house.screen.pid()) return browser;
    await browser?.close().catch(() => undefined);
    pid = house.screen.pid();
    const file = join(house.screenData, 'DevToolsActivePort');
    if (!existsSync(file)) throw new Error('the screen has not opened its port yet');
    const port = readFileSync(file, 'utf8').split('\n')[0];
    browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true, timeout: 8_000 });
    return browser;
  };
  const page: ScreenEyes['page'] = (what, fits) =>
    until(
      what,
      async () =>
        (await connect())
          .contexts()
          .flatMap((context) => context.pages())
          .find(fits),
      15_000,
    );
  return {
    page,
    window: (kind) => page(`the ${kind} window`, (each) => each.url().endsWith(`/${kind}`)),
    doubt: async (problem) => {
      if (/crashed|closed/.test(problem.message)) {
        await browser?.close().catch(() => undefined);
        browser = null;
      }
      throw problem;
    },
    close: async () => {
      await browser?.close().catch(() => undefined);
    },
  };
}

/** Gives a person a TOTP as helpdesk does it, and returns the seed that their authenticator holds. */
export async function enrolTotp(world: World, person: PersonSummary): Promise<string> {
  const { uri } = await world.admin.do('people/begin-totp', { params: { person: person.id } });
  const seed = seedOf(uri);
  await world.admin.do('people/confirm-totp', { params: { person: person.id }, body: { code: totp(seed) } });
  return seed;
}
