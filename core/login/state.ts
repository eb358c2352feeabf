/**
 * The machine of one terminal's login. It is data: `step` takes a state and an event and gives the next state and
 * effects, which `guard/session.ts` performs. Nothing but `opened` leads to `open`, and only `opening` hears it.
 *
 *                 card-entered          card-read                identified
 *   ┌──────► idle ───────────► reading ──────────► identifying ──────────────► asking ◄───────────┐
 *   │         ▲                   │                     │                     │  │  ▲             │
 *   │         │ misread, left     │                     │ refused             │  │  └─ choose ────┤
 *   │         └───────────────────┘                     ▼                     │  │ enter          │ PROOF_WRONG
 *   │ time over, a card                              refused ◄────────────────┘  └──► checking ───┘
 *   ├─────────────────────────────────────────────────┘  ▲       refused, too slow       │ proved
 *   │                                                    │                               ▼
 *   │                                                    └───── open-failed ───────── opening
 *   │  lock: same card, other card (on to identifying), button, idle, limit,             │ opened
 *   │  revoked, suspend, screen lost, server ended                                       ▼
 *   └────────────────────────────────────────────────────────────────────────────────── open
 *
 *   checking ── more-wanted ──► asking (the next factor)
 *   checking ── elsewhere-found ──► elsewhere ── settle-asked, proved ──► opening
 *   checking ── first-pin-asked ──► ceremony (a single-use secret was right: it opens nothing)
 *   identifying ── identified with grace ──► checking at once, without a secret
 *   idle, refused, open ── ceremony-asked ──► ceremony ── done, cancel, time over ──► where it came from
 *   idle, refused ── without-card-asked ──► ways: see `cardless-state.ts`
 *
 * A late answer carries the attempt or request that it belongs to and is dropped when the machine has moved on;
 * a late acceptance also ends the session that it brings.
 */
import type { Grant, Greeting } from '#contract/api/logins.ts';
import type { CeremonyOrder, RevocationOrder } from '#contract/api/terminals.ts';
import type { Factor, TerminalEvent } from '#contract/audit.ts';
import type { CardEvidence, Misread } from '#contract/card.ts';
import type { Failure } from '#contract/errors.ts';
import type { AttemptId, LockId, SessionId } from '#contract/ids.ts';
import type { TerminalPolicy } from '#contract/policy.ts';
import type { ReaderStatus } from '#contract/reader.ts';
import type {
  AskedFactor,
  CeremonyProblem,
  Cue,
  ElsewhereChoice,
  Key,
  LockReason,
  Picture,
  Refusal,
} from '#contract/screen.ts';
import type { CardlessEffect, CardlessEvent, CardlessPhase } from './cardless-state.ts';

/** Milliseconds on one steady scale that reads like the time since 1970 but never jumps. */
export type Moment = number;
/** Names a card within one run of the guard, without its identifier. */
export type CardKey = string;

export type Notice = NonNullable<Extract<Picture, { kind: 'ready' }>['notice']>;

export interface Idle {
  readonly kind: 'idle';
  readonly notice: Notice | null;
  readonly noticeUntil: Moment;
}
export interface Reading {
  readonly kind: 'reading';
  readonly presentation: number;
  readonly until: Moment;
}
export interface Identifying {
  readonly kind: 'identifying';
  readonly request: number;
  readonly card: CardKey;
  readonly purpose: Purpose;
}
/** `witness`: whoever is asked vouches for a colleague. */
export type Purpose = 'login' | 'witness';
/** An attempt that the server has begun. */
interface Attempted {
  readonly attempt: AttemptId;
  /** The server's notes about it, sent back with each proof. */
  readonly ticket: string;
  /** Null where a code or an emergency stands for it. */
  readonly card: CardKey | null;
  readonly greeting: Greeting;
  readonly supportCode: string;
  /** The terminal itself decides: the server cannot be asked. */
  readonly offline?: boolean;
}
export interface Asking extends Attempted {
  readonly kind: 'asking' | 'checking';
  readonly purpose: Purpose;
  readonly factors: readonly AskedFactor[];
  /** What is asked for now; `grace`: nothing, the card is enough. */
  readonly factor: AskedFactor | 'grace';
  /** Every one of the factors is wanted. */
  readonly all: boolean;
  /** Those that were right. */
  readonly accepted: readonly AskedFactor[];
  readonly typed: number;
  readonly wrong: { readonly triesLeft?: number } | null;
  readonly endsAt: Moment;
}
export interface Elsewhere extends Attempted {
  readonly kind: 'elsewhere';
  readonly there: string;
  readonly since: Moment;
  readonly sending: boolean;
  readonly shown: readonly (AskedFactor | 'grace')[];
  readonly endsAt: Moment;
}
export interface Refused {
  readonly kind: 'refused';
  readonly why: Refusal;
  readonly supportCode: string | null;
  readonly until: Moment;
}
export interface Opening extends Attempted {
  readonly kind: 'opening';
  readonly session: SessionId;
  readonly token: string;
  readonly endsAt: Moment;
}
export interface Open {
  readonly kind: 'open';
  readonly session: SessionId;
  /** The server does not know of it. */
  readonly offline: boolean;
  /** Goes with what is asked of the server for this session. */
  readonly token: string;
  readonly card: CardKey | null;
  readonly greeting: Greeting;
  readonly openedAt: Moment;
  readonly endsAt: Moment;
  /** When the person last touched anything, as the screen reports it. */
  readonly inputAt: Moment;
  readonly reportedAt: Moment;
  /** When the server last heard of it. */
  readonly touchedAt: Moment;
}
export interface Ceremony {
  readonly kind: 'ceremony';
  readonly order: CeremonyOrder;
  readonly step: 'hold-card' | 'sending' | 'choose-pin' | 'repeat-pin' | 'done' | 'failed';
  readonly typed: number;
  readonly problem: CeremonyProblem | null;
  /** When it ends by itself. */
  readonly until: Moment;
  readonly under: Idle | Open;
}
export type Phase =
  | Idle
  | Reading
  | Identifying
  | Asking
  | Elsewhere
  | Refused
  | Opening
  | Open
  | Ceremony
  | CardlessPhase;

/** `clock-wrong`: this terminal's clock is so far off that the server's certificate does not hold by it. */
export type Link = 'starting' | 'not-enrolled' | 'terminal-revoked' | 'clock-wrong' | 'unreachable' | 'online';

export interface State {
  readonly phase: Phase;
  /** The lock that a grant and a lease must name. New at every lock. */
  readonly lock: LockId;
  readonly reader: 'starting' | ReaderStatus;
  /** The presentation of a card that lay in the field when the reader became ready: it must be lifted and held again. */
  readonly resting: number | null;
  readonly link: Link;
  /** Until when whoever was here lately gets in without the server; null: nobody does. */
  readonly offlineUntil: Moment | null;
  readonly clockWrong: boolean;
  /** `reserve`: the disk is full and policy lets the terminal go on for a while. */
  readonly journal: 'sound' | 'reserve' | 'full' | 'failed';
  readonly screen: 'absent' | 'joined';
  readonly terminal: string;
  readonly policy: TerminalPolicy;
  /** Counts requests, so that a late answer is known. */
  readonly requests: number;
  /** The card that was handled last, so that a resting or trembling card is one tap. */
  readonly lastTap: {
    readonly card: CardKey;
    readonly presentation: number;
    readonly at: Moment;
    readonly leftAt: Moment | null;
  } | null;
  /** The session that its person ended here last, until another card comes: the server may have the card alone go on from it. */
  readonly recent: { readonly session: SessionId; readonly card: CardKey } | null;
  /** Revocations that wait for the covered screen before they are confirmed. */
  readonly unconfirmed: readonly { readonly number: number; readonly receivedAt: Moment }[];
}

export type LoginEvent =
  | CardlessEvent
  | { readonly kind: 'tick' }
  // reader
  | { readonly kind: 'reader-changed'; readonly reader: 'starting' | ReaderStatus; readonly name: string }
  | { readonly kind: 'card-entered'; readonly presentation: number; readonly resting?: boolean }
  | {
      readonly kind: 'card-read';
      readonly presentation: number;
      readonly evidence: CardEvidence;
      readonly card: CardKey;
    }
  | { readonly kind: 'card-misread'; readonly presentation: number; readonly reason: Misread; readonly reader: string }
  | { readonly kind: 'card-left'; readonly presentation: number }
  // server
  | { readonly kind: 'link-changed'; readonly link: Link }
  | { readonly kind: 'offline-changed'; readonly until: Moment | null }
  | { readonly kind: 'clock-changed'; readonly wrong: boolean }
  | { readonly kind: 'policy-changed'; readonly policy: TerminalPolicy; readonly terminal: string }
  | {
      readonly kind: 'identified';
      readonly request: number;
      readonly attempt: AttemptId;
      readonly ticket: string;
      readonly greeting: Greeting;
      readonly factors: readonly AskedFactor[];
      readonly all: boolean;
      readonly grace: boolean;
      readonly supportCode: string;
      readonly endsAt: Moment;
      readonly offline?: boolean;
    }
  | { readonly kind: 'identify-failed'; readonly request: number; readonly failure: Failure }
  | {
      readonly kind: 'proved';
      readonly attempt: AttemptId;
      readonly session: SessionId;
      readonly token: string;
      /** Null where the terminal itself has checked card and PIN. */
      readonly grant: Grant | null;
      readonly endsAt: Moment;
    }
  | { readonly kind: 'more-wanted'; readonly attempt: AttemptId; readonly factors: readonly AskedFactor[] }
  | {
      readonly kind: 'first-pin-asked';
      readonly attempt: AttemptId;
      readonly order: CeremonyOrder;
      readonly endsAt: Moment;
    }
  | { readonly kind: 'elsewhere-found'; readonly attempt: AttemptId; readonly there: string; readonly since: Moment }
  | { readonly kind: 'prove-failed'; readonly attempt: AttemptId; readonly failure: Failure }
  | { readonly kind: 'revocation-ordered'; readonly order: RevocationOrder }
  | { readonly kind: 'session-ended'; readonly session: SessionId; readonly reason: LockReason }
  | { readonly kind: 'ceremony-asked'; readonly order: CeremonyOrder; readonly endsAt: Moment }
  | { readonly kind: 'ceremony-cancelled'; readonly ceremony: string }
  | { readonly kind: 'ceremony-answered'; readonly ceremony: string; readonly next: 'done' | 'choose-pin' }
  | { readonly kind: 'ceremony-failed'; readonly ceremony: string; readonly failure: Failure }
  | { readonly kind: 'pins-compared'; readonly ceremony: string; readonly same: boolean }
  // the guard itself
  | { readonly kind: 'opened'; readonly session: SessionId }
  | { readonly kind: 'open-failed'; readonly session: SessionId }
  | { readonly kind: 'journal-changed'; readonly journal: State['journal'] }
  // screen
  | { readonly kind: 'screen-joined' }
  | { readonly kind: 'screen-lost' }
  | { readonly kind: 'covered'; readonly lock: LockId }
  | { readonly kind: 'pressed'; readonly key: Key }
  | { readonly kind: 'factor-chosen'; readonly factor: AskedFactor }
  | { readonly kind: 'settle-asked'; readonly choice: ElsewhereChoice }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'lock-asked'; readonly reason: 'button' | 'suspend' | 'system' | 'screen-lost' | 'guard-stopped' }
  | { readonly kind: 'stayed' }
  | { readonly kind: 'console-asked' }
  | { readonly kind: 'idle-reported'; readonly seconds: number };

export type Effect =
  | CardlessEffect
  /** End every lease and hold the cover for this lock. */
  | { readonly kind: 'cover'; readonly lock: LockId }
  | {
      readonly kind: 'identify';
      readonly request: number;
      readonly lock: LockId;
      readonly evidence: CardEvidence;
      readonly after: SessionId | null;
      readonly purpose: Purpose;
      /** The server is known to be away. */
      readonly offline: boolean;
    }
  /** Send what was typed as proof, and forget it. */
  | {
      readonly kind: 'prove';
      readonly lock: LockId;
      readonly attempt: AttemptId;
      readonly ticket: string;
      readonly offline: boolean;
      readonly factor: AskedFactor | 'grace';
    }
  | {
      readonly kind: 'settle';
      readonly attempt: AttemptId;
      readonly ticket: string;
      readonly choice: ElsewhereChoice;
    }
  | {
      readonly kind: 'abandon';
      readonly attempt: AttemptId;
      readonly ticket: string;
      readonly reason: 'cancelled' | 'too-slow' | 'other-card' | 'lost';
    }
  /** Check the grant against this lock and write the event durably; then say `opened` or `open-failed`. Begins no lease. */
  | {
      readonly kind: 'open';
      readonly lock: LockId;
      readonly session: SessionId;
      readonly attempt: AttemptId;
      /** Null where the terminal itself has checked card and PIN. */
      readonly grant: Grant | null;
      readonly greeting: Greeting;
      /** A card, or what stood for it. */
      readonly first: Extract<Factor, 'card' | 'substitute-code' | 'emergency-code' | 'witness'>;
      /** What was shown beside it. */
      readonly shown: readonly (AskedFactor | 'grace')[];
    }
  /** Show the desktop: renew leases for this lock until the next `cover`. The machine alone asks for it, after `opened`. */
  | { readonly kind: 'begin-lease'; readonly lock: LockId }
  | { readonly kind: 'end-session'; readonly session: SessionId; readonly reason: LockReason }
  | { readonly kind: 'record'; readonly facts: TerminalEvent }
  | { readonly kind: 'confirm'; readonly number: number; readonly receivedAt: Moment; readonly lockedAt: Moment | null }
  /** The typed secret lives in the guard alone; the machine counts. */
  | { readonly kind: 'add-digit'; readonly digit: string }
  | { readonly kind: 'drop-digit' }
  | { readonly kind: 'forget-digits' }
  | { readonly kind: 'give-card'; readonly ceremony: string; readonly evidence: CardEvidence }
  /** Keep what was typed as the first of two. */
  | { readonly kind: 'keep-first-pin' }
  | { readonly kind: 'compare-pins'; readonly ceremony: string }
  | { readonly kind: 'give-pin'; readonly ceremony: string }
  | { readonly kind: 'leave-ceremony'; readonly ceremony: string }
  | { readonly kind: 'open-console'; readonly session: SessionId; readonly token: string }
  /** Tells the server how long ago the person did anything. */
  | { readonly kind: 'touch'; readonly session: SessionId; readonly token: string; readonly idleSeconds: number }
  | { readonly kind: 'close-console' }
  | { readonly kind: 'cue'; readonly cue: Cue };

export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}

/** What `step` may not make itself. */
export interface Given {
  readonly now: Moment;
  /** A fresh random lock identifier, used if this step locks. */
  readonly freshLock: LockId;
}

/** How long passing things last (milliseconds). */
export const spans = {
  notice: 8_000,
  reading: 4_000,
  refused: 30_000,
  ceremonyDone: 3_000,
  /** The same card within this time is one tap. */
  sameTap: 1_500,
  /** A card counts as lifted after this time out of the field. */
  lifted: 1_000,
  /** Right after opening, a second tap of the same card is haste and not a wish to lock. */
  haste: 2_500,
  /** Without an idle report for this long, an open terminal locks. */
  idleSilence: 5_000,
  /** How often the server hears of an open session. */
  touch: 20_000,
} as const;

/** The machine as it stands when the guard starts: locked. */
export const initialState = (given: Given, policy: TerminalPolicy, terminal: string): State => ({
  phase: { kind: 'idle', notice: null, noticeUntil: 0 },
  lock: given.freshLock,
  reader: 'starting',
  resting: null,
  link: 'starting',
  offlineUntil: null,
  clockWrong: false,
  journal: 'sound',
  screen: 'absent',
  terminal,
  policy,
  requests: 0,
  lastTap: null,
  recent: null,
  unconfirmed: [],
});

/** The open session, also while an enrolment step lies over it. */
export const openOf = (phase: Phase): Open | null =>
  phase.kind === 'open' ? phase : phase.kind === 'ceremony' && phase.under.kind === 'open' ? phase.under : null;
