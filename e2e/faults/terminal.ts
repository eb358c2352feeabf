import { setTimeout as delay } from 'node:timers/promises';
import type { Picture, ToScreen } from '#contract/screen.ts';
import { iso14443a } from '../card/cards.ts';
import type { CardKind } from '../card/virtual-card.ts';
import type { Means, Ward } from '../guard/ward.ts';
import type { Account } from './account.ts';
import { findNewest } from './journal.ts';
import type { TerminalName } from './table.ts';

export interface Person extends Means {
  readonly id: string;
  readonly number: string;
  readonly name: string;
}

/** How a login ended for whoever stood there. */
export type LoginEnd = 'opened' | 'wrong' | 'refused' | 'not-ready' | 'no-answer';

/** A terminal that is used however it fares: whatever goes away is waited for and joined anew. */
export interface Terminal {
  readonly name: TerminalName;
  readonly ward: Ward;
  picture(): Picture | undefined;
  isOpen(): boolean;
  isOnline(): boolean;
  /** Waits until one of these shows; undefined where none does in time. */
  see(kinds: readonly Picture['kind'][], within: number): Promise<Picture | undefined>;
  /** Holds a card and types; nobody else is at the terminal. `number` null: a card that nobody knows. */
  logIn(person: Person, secret: 'right' | 'wrong'): Promise<LoginEnd>;
  holdUnknown(): Promise<LoginEnd>;
  /** Covers an open desktop by the button, and leaves the terminal as the next person finds it. */
  leave(): Promise<void>;
  /** Breaks the connection of the screen; it joins again by itself. */
  loseScreen(): void;
  /** Whether cards are torn out while they answer. */
  tear(torn: boolean): void;
  stop(): void;
}

export interface TerminalOptions {
  readonly name: TerminalName;
  readonly account: Account;
  /** Numbers the logins of all terminals. */
  readonly nextLogin: () => number;
}

const wrongPin = '11223344';
const unknownCard = iso14443a('04FFEEDDCCBB99');
/** The same card within this time is one tap to the product (milliseconds). */
const sameTap = 1_600;

interface Login {
  readonly login: number;
  readonly number: string | null;
  readonly right: boolean;
  entered: boolean;
}

export const createTerminal = (
  options: TerminalOptions,
): { hear(message: ToScreen): void; use(ward: Ward): Terminal } => {
  const { account, name, nextLogin } = options;
  let ward: Ward;
  let picture: Picture | undefined;
  let online = false;
  let shown = false;
  let current: Login | undefined;
  let stopped = false;
  let torn = false;
  /** Of the record by which the desktop opened last. */
  let lastOpened = '';
  let lastTap = { card: '', at: 0 };

  const cover = (): void => {
    if (shown && current !== undefined) account.write({ kind: 'covered', terminal: name, login: current.login });
    shown = false;
  };

  /** The desktop shows. What stands in the journal at this moment is what was promised. */
  const acknowledge = (): void => {
    shown = true;
    const number = picture?.kind === 'open' ? picture.number : null;
    if (current === undefined || !current.right || !current.entered || (number !== null && number !== current.number))
      return account.write({ kind: 'shown-unasked', terminal: name, number });
    const found = findNewest(`${ward.folder}/journal`, 'screen.opened');
    const isNew = found !== undefined && found.hash !== lastOpened;
    if (isNew) lastOpened = found.hash;
    const record = isNew
      ? { epoch: found.epoch, sequence: found.sequence, hash: found.hash, session: String(found.facts.session) }
      : null;
    account.write({
      kind: 'opened',
      login: current.login,
      terminal: name,
      number: current.number ?? '',
      offline: !online,
      record,
    });
  };

  const hear = (message: ToScreen): void => {
    if (message.kind === 'view') {
      picture = message.view.picture;
      online = message.view.online;
    } else if (message.kind === 'cover') cover();
    else if (message.kind === 'lease' && !shown) acknowledge();
  };

  const see: Terminal['see'] = async (kinds, within) => {
    const end = performance.now() + within;
    for (;;) {
      if (picture !== undefined && kinds.includes(picture.kind)) return picture;
      if (performance.now() > end || stopped) return undefined;
      await delay(10);
    }
  };

  /** Waits until a secret that was typed has been judged. */
  const seeJudged = async (within: number): Promise<LoginEnd> => {
    const end = performance.now() + within;
    while (performance.now() < end && !stopped) {
      if (shown) return 'opened';
      if (picture?.kind === 'secret' && picture.wrong !== undefined && !picture.checking) return 'wrong';
      if (picture?.kind === 'refused') return 'refused';
      await delay(10);
    }
    return 'no-answer';
  };

  const call = (what: string, window: 'lock' | 'badge' = 'lock'): void => ward.screen().call(what, {}, window);
  const withdraw = (): Promise<void> => ward.slot.remove().catch(() => undefined);

  const leave = async (): Promise<void> => {
    await withdraw();
    for (let tries = 0; tries < 20 && !stopped; tries += 1) {
      if (shown) call('session/lock', 'badge');
      else if (picture !== undefined && !['ready', 'not-ready'].includes(picture.kind)) call('login/cancel');
      else return;
      await see(['ready', 'not-ready'], 300);
    }
  };

  const tap = async (key: string, card: CardKind): Promise<boolean> => {
    if (lastTap.card === key) await delay(Math.max(0, lastTap.at + sameTap - performance.now()));
    const inHand: CardKind = { ...card, answer: (command) => (torn ? 'pull' : card.answer(command)) };
    const held = await ward.slot.insert(inHand).then(
      () => true,
      () => false,
    );
    lastTap = { card: key, at: performance.now() };
    return held;
  };

  /** Holds it until something comes of it; a card that could not be read is held once more, as people do. */
  const hold = async (key: string, card: CardKind): Promise<Picture | undefined> => {
    for (let tries = 0; tries < 3; tries += 1) {
      const held = await tap(key, card);
      const seen = held ? await see(['secret', 'refused'], 3_000) : undefined;
      await withdraw();
      lastTap.at = performance.now();
      if (seen !== undefined) return seen;
      await delay(300);
    }
    return undefined;
  };

  const begin = async (number: string | null, right: boolean, card: CardKind): Promise<LoginEnd | 'asked'> => {
    if ((await see(['ready'], 4_000)) === undefined) return 'not-ready';
    current = { login: nextLogin(), number, right, entered: false };
    account.write({ kind: 'tried', login: current.login, terminal: name, number, right });
    const seen = await hold(number ?? 'unknown', card);
    if (seen?.kind !== 'refused') return seen === undefined ? 'no-answer' : 'asked';
    account.write({ kind: 'refused', login: current.login, why: seen.why, code: seen.supportCode ?? null });
    return 'refused';
  };

  const enter = async (login: Login, pin: string): Promise<LoginEnd> => {
    account.write({ kind: 'entered', login: login.login });
    login.entered = true;
    ward.screen().press([...pin, 'enter']);
    const end = await seeJudged(8_000);
    if (end === 'wrong') account.write({ kind: 'wrong', login: login.login });
    if (end === 'refused' && picture?.kind === 'refused')
      account.write({ kind: 'refused', login: login.login, why: picture.why, code: picture.supportCode ?? null });
    return end;
  };

  const logIn: Terminal['logIn'] = async (person, secret) => {
    await leave();
    const begun = await begin(person.number, secret === 'right', person.card);
    if (begun !== 'asked' || current === undefined) return begun === 'asked' ? 'no-answer' : begun;
    // Somebody else's name: they would not type.
    if (picture?.kind !== 'secret' || picture.greet !== person.name) return 'no-answer';
    return enter(current, secret === 'right' ? person.pin : wrongPin);
  };

  const rejoin = async (): Promise<void> => {
    while (!stopped) {
      try {
        await ward.guard().whenReady();
        await ward.join();
        return;
      } catch {
        await delay(100);
      }
    }
  };
  const watch = async (): Promise<void> => {
    while (!stopped) {
      const { socket } = ward.screen();
      if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
      cover();
      picture = undefined;
      await rejoin();
    }
  };

  return {
    hear,
    use(given) {
      ward = given;
      void watch();
      return {
        name,
        ward,
        picture: () => picture,
        isOpen: () => shown,
        isOnline: () => online,
        see,
        logIn,
        async holdUnknown() {
          await leave();
          const end = await begin(null, false, unknownCard);
          return end === 'asked' ? 'no-answer' : end;
        },
        leave,
        loseScreen: () => ward.screen().close(),
        tear: (next) => {
          torn = next;
        },
        stop() {
          stopped = true;
          ward.screen().close();
        },
      };
    },
  };
};
