import { z } from 'zod';
import { misread } from './card.ts';
import { emergencyReason, way } from './cardless.ts';
import { cover, coverState, lease } from './curtain.ts';
import { failure } from './errors.ts';
import { lockId } from './ids.ts';

// ---------------------------------------------------------------- views: what a window shows

export const language = z.enum(['ja', 'en']);
export type Language = z.infer<typeof language>;

/** The kinds of window. `lock` carries the keypad, `cover` hides a further display, `badge` lies on the open desktop. */
export const windowKind = z.enum(['lock', 'cover', 'badge']);
export type WindowKind = z.infer<typeof windowKind>;

export const secretFactor = z.enum(['pin', 'totp']);
export type SecretFactor = z.infer<typeof secretFactor>;
/** What a person may be asked to type: a second factor, or the single-use secret with which they choose their first PIN. */
export const askedFactor = z.enum([...secretFactor.options, 'initial']);
export type AskedFactor = z.infer<typeof askedFactor>;

/** Why a terminal was locked, as its next person may read it. */
export const lockReason = z.enum([
  'start',
  'same-card',
  'other-card',
  'button',
  'idle',
  'limit',
  'revoked',
  'terminal-revoked',
  'suspend',
  'system',
  'screen-lost',
  'server-ended',
  'guard-stopped',
  'elsewhere',
]);
export type LockReason = z.infer<typeof lockReason>;

/** Why the lock screen cannot take a card at this moment. Each has its own picture, words and way forward. */
export const notReady = z.enum([
  'starting',
  'no-service',
  'no-reader',
  'not-enrolled',
  'terminal-revoked',
  'server-unreachable',
  'clock-wrong',
  'journal-failed',
  'journal-full',
]);
export type NotReady = z.infer<typeof notReady>;

export const refusal = z.enum([
  'card',
  'code',
  'emergency',
  'locked',
  'too-slow',
  'busy',
  'server',
  'offline',
  'failed',
]);
export type Refusal = z.infer<typeof refusal>;

/** What an enrolment step reads a card for: a person’s own, to set a PIN, a loan card for the stock, or to find out whose it is. */
export const ceremonyTask = z.enum(['card', 'pin', 'loan-card', 'find']);
export type CeremonyTask = z.infer<typeof ceremonyTask>;

const epochMilliseconds = z.number();
const typed = z.int().min(0).max(64);

export const ceremonyProblem = z.enum([
  'card-taken',
  'card-random',
  'card-other',
  'card-unproven',
  'pin-length',
  'pin-easy',
  'pin-different',
  'ended',
  'server',
  'misread',
]);
export type CeremonyProblem = z.infer<typeof ceremonyProblem>;

/** What the window shows. Ready to paint: no rule is left to the renderer. */
export const picture = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('not-ready'), why: notReady }),
  z.strictObject({
    kind: z.literal('ready'),
    /** A passing word above the instruction. */
    notice: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('locked'), why: lockReason }),
        z.strictObject({ kind: z.literal('misread'), why: misread }),
        z.strictObject({ kind: z.literal('lift-card') }),
      ])
      .optional(),
  }),
  z.strictObject({ kind: z.literal('reading') }),
  z.strictObject({ kind: z.literal('identifying') }),
  z.strictObject({
    kind: z.literal('secret'),
    greet: z.string(),
    factor: askedFactor,
    /** Factors that the person may choose instead. */
    others: z.array(askedFactor),
    /** Factors that were right already, where policy wants several. */
    accepted: z.array(askedFactor),
    /** How many characters have been typed; the guard alone holds them. */
    typed,
    shortest: z.int(),
    longest: z.int(),
    /** True while the server checks what was typed. */
    checking: z.boolean(),
    /** Present after a refusal. `triesLeft` is absent where the server does not tell. */
    wrong: z.strictObject({ triesLeft: z.int().optional() }).optional(),
    /** Who types vouches for a colleague; nothing opens for themself. */
    asWitness: z.literal(true).optional(),
    endsAt: epochMilliseconds,
  }),
  /** Somebody without a card of their own chooses how to get in; the ways are the view’s. */
  z.strictObject({ kind: z.literal('ways'), endsAt: epochMilliseconds }),
  z.strictObject({
    kind: z.literal('code'),
    /** A code, or the staff number of whom the terminal is to be opened for. */
    what: z.enum(['substitute', 'emergency', 'number']),
    typed,
    shortest: z.int(),
    longest: z.int(),
    checking: z.boolean(),
    /** Present after a refusal. */
    wrong: z.strictObject({ supportCode: z.string().optional() }).optional(),
    /** After many refusals nothing is taken until then. */
    waitUntil: epochMilliseconds.optional(),
    /** The colleague who vouches. */
    witness: z.string().optional(),
    endsAt: epochMilliseconds,
  }),
  /** The card of the colleague who vouches is awaited. */
  z.strictObject({ kind: z.literal('vouch'), problem: misread.optional(), endsAt: epochMilliseconds }),
  z.strictObject({
    kind: z.literal('reasons'),
    /** For whom, once a secret was right. */
    greet: z.string(),
    number: z.string(),
    reasons: z.array(emergencyReason).min(1),
    endsAt: epochMilliseconds,
  }),
  z.strictObject({
    kind: z.literal('confirm'),
    greet: z.string(),
    number: z.string(),
    reason: emergencyReason,
    witness: z.string().optional(),
    sending: z.boolean(),
    endsAt: epochMilliseconds,
  }),
  /** Every factor was right; the person is logged in at another terminal and says what becomes of that. */
  z.strictObject({
    kind: z.literal('elsewhere'),
    greet: z.string(),
    /** Name of the other terminal, and since when. */
    there: z.string(),
    since: epochMilliseconds,
    /** True while the server does what was chosen. */
    sending: z.boolean(),
    endsAt: epochMilliseconds,
  }),
  z.strictObject({ kind: z.literal('refused'), why: refusal, supportCode: z.string().optional() }),
  z.strictObject({ kind: z.literal('opening'), greet: z.string() }),
  z.strictObject({
    kind: z.literal('open'),
    greet: z.string(),
    number: z.string(),
    endsAt: epochMilliseconds,
    mayOpenConsole: z.boolean(),
    /** Present while the idle warning shows; the terminal locks then. */
    locksAt: epochMilliseconds.optional(),
  }),
  z.strictObject({
    kind: z.literal('ceremony'),
    task: ceremonyTask,
    step: z.enum(['hold-card', 'sending', 'choose-pin', 'repeat-pin', 'done', 'failed']),
    /** For whom, and who asked for it. */
    person: z.string(),
    by: z.string(),
    typed,
    shortest: z.int(),
    longest: z.int(),
    problem: ceremonyProblem.optional(),
  }),
]);
export type Picture = z.infer<typeof picture>;

export const cue = z.enum(['read', 'accepted', 'refused', 'locked', 'warning', 'done']);
export type Cue = z.infer<typeof cue>;

/** One view of the terminal, made by the guard. `number` grows; a window shows the newest. */
export const view = z.strictObject({
  number: z.int().min(1),
  /** True: every display is covered. */
  cover: z.boolean(),
  terminal: z.string(),
  helpdesk: z.string(),
  /** False while the server cannot be reached. */
  online: z.boolean(),
  /** Until when whoever was here lately gets in without the server; null while it is there, or where nobody does. */
  offlineUntil: epochMilliseconds.nullable(),
  /** The clock of this terminal differs from the server's by more than the limit. Nothing is decided by it. */
  clockWrong: z.boolean(),
  /** The disk of this terminal is full; it goes on in the room that it keeps for its journal, and not for long. */
  diskFull: z.boolean(),
  /** Ways in without a card of one’s own that are open now; without one the screen offers none. */
  ways: z.array(way),
  picture,
  /** A sound to play once, when this view is new. */
  cue: cue.optional(),
});
export type View = z.infer<typeof view>;

/** What one window gets: the guard's view and what Electron main adds to it. */
export interface Frame {
  readonly window: WindowKind;
  readonly view: View;
  readonly settings: Settings;
}

/** Kept by `electron-store` on the terminal. Nothing secret. */
export const settings = z.strictObject({ language, sound: z.boolean() });
export type Settings = z.infer<typeof settings>;

// ---------------------------------------------------------------- calls: what a window may ask

interface CallRow {
  readonly request: z.ZodType;
  /** Windows that may send it. Anything else is refused and recorded. */
  readonly windows: readonly WindowKind[];
  /** Who performs it: Electron main itself, or the guard. */
  readonly by: 'main' | 'guard';
  readonly meaning: string;
}

export const key = z.enum(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'back', 'clear', 'enter']);
export type Key = z.infer<typeof key>;

export const elsewhereChoice = z.enum(['end-there', 'keep-both']);
export type ElsewhereChoice = z.infer<typeof elsewhereChoice>;

const nothing = z.strictObject({});

/** Every call of a window. Each is answered with a `Result<{}>`; what changes comes as a new view. */
export const calls = {
  'login/press': {
    request: z.strictObject({ key }),
    windows: ['lock'],
    by: 'guard',
    meaning: 'A key of the keypad or the keyboard.',
  },
  'login/choose-factor': {
    request: z.strictObject({ factor: askedFactor }),
    windows: ['lock'],
    by: 'guard',
    meaning: 'Use another factor.',
  },
  'login/settle': {
    request: z.strictObject({ choice: elsewhereChoice }),
    windows: ['lock'],
    by: 'guard',
    meaning: 'What becomes of the session at another terminal.',
  },
  'login/without-card': {
    request: nothing,
    windows: ['lock'],
    by: 'guard',
    meaning: 'Somebody has no card of their own at hand.',
  },
  'login/choose-way': {
    request: z.strictObject({ way }),
    windows: ['lock'],
    by: 'guard',
    meaning: 'How they get in.',
  },
  'login/choose-reason': {
    request: z.strictObject({ reason: emergencyReason }),
    windows: ['lock'],
    by: 'guard',
    meaning: 'Why the terminal is opened in an emergency.',
  },
  'login/confirm': {
    request: nothing,
    windows: ['lock'],
    by: 'guard',
    meaning: 'Open the terminal for the person who is named.',
  },
  'login/cancel': {
    request: nothing,
    windows: ['lock'],
    by: 'guard',
    meaning: 'End this attempt or this enrolment step, or go back a step of an emergency.',
  },
  'session/lock': {
    request: nothing,
    windows: ['badge'],
    by: 'guard',
    meaning: 'Lock the terminal and end the session.',
  },
  'session/stay': {
    request: nothing,
    windows: ['badge'],
    by: 'guard',
    meaning: 'The person is still there; end the idle warning.',
  },
  'session/open-console': {
    request: nothing,
    windows: ['badge'],
    by: 'guard',
    meaning: 'Open the console in a window of this terminal.',
  },
  'settings/change': {
    request: settings.partial(),
    windows: ['lock', 'badge'],
    by: 'main',
    meaning: 'Change language or sound on this terminal.',
  },
  'window/ready': {
    request: nothing,
    windows: ['lock', 'cover', 'badge'],
    by: 'main',
    meaning: 'The page has loaded and wants its first frame.',
  },
  'window/painted': {
    request: z.strictObject({ number: z.int() }),
    windows: ['lock', 'cover', 'badge'],
    by: 'main',
    meaning: 'The view of this number is on the glass.',
  },
} as const satisfies Record<string, CallRow>;

export type CallName = keyof typeof calls;
export type CallRequest<Name extends CallName> = z.infer<(typeof calls)[Name]['request']>;
export type GuardCallName = { [Name in CallName]: (typeof calls)[Name]['by'] extends 'guard' ? Name : never }[CallName];
export type MainCallName = Exclude<CallName, GuardCallName>;

// ---------------------------------------------------------------- the local socket between guard and screen

/** Guard to screen. JSON Lines over a local socket that the guard listens on; one screen at a time. */
export const toScreen = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('view'), view }),
  lease,
  cover,
  z.strictObject({
    kind: z.literal('answer'),
    id: z.int(),
    result: z.union([
      z.strictObject({ ok: z.literal(true), value: nothing }),
      z.strictObject({ ok: z.literal(false), failure }),
    ]),
  }),
  /** Open the console window: `origin` of the server, a ticket that signs in once, and the authorities to trust (PEM, one after the other). */
  z.strictObject({ kind: z.literal('open-console'), origin: z.url(), ticket: z.string(), authority: z.string() }),
  z.strictObject({ kind: z.literal('close-console') }),
  z.strictObject({ kind: z.literal('ping'), id: z.int() }),
]);
export type ToScreen = z.infer<typeof toScreen>;

/** Screen to guard. The screen decides nothing: these are reports and what was typed. */
export const fromScreen = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('hello'), pid: z.int(), runtime: z.string() }),
  z.strictObject({ kind: z.literal('call'), id: z.int(), window: windowKind, name: z.string(), request: z.unknown() }),
  z.strictObject({
    kind: z.literal('call-refused'),
    window: z.string(),
    name: z.string(),
    why: z.enum(['unknown-call', 'foreign-sender', 'foreign-window', 'bad-request']),
  }),
  coverState,
  /** A view is on the glass of the window that a person looks at. */
  z.strictObject({ kind: z.literal('painted'), number: z.int(), window: windowKind }),
  /** Seconds since the last input of any kind on this workstation; sent every second while open. */
  z.strictObject({ kind: z.literal('idle'), seconds: z.number().min(0) }),
  z.strictObject({ kind: z.literal('power'), what: z.enum(['suspend', 'resume', 'lock-requested', 'shutdown']) }),
  /** A window or helper process died and was made anew. */
  z.strictObject({ kind: z.literal('repaired'), what: z.string().max(80) }),
  /** Instead of a hello, from whoever was to start the screen (`native/curtain/sealed.c`): its files are not those of the release. */
  z.strictObject({ kind: z.literal('altered'), first: z.string().max(60), count: z.int().min(1) }),
  z.strictObject({ kind: z.literal('pong'), id: z.int() }),
]);
export type FromScreen = z.infer<typeof fromScreen>;

export { lockId };
