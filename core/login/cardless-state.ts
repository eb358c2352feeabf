/**
 * The part of the machine for whoever has no card of their own at hand: its states, what happens to it, what it asks for.
 *
 *   idle, refused ── without-card-asked ──► ways ──┬─ substitute ──► coding ── identified ──► asking (as after a card)
 *                                                  ├─ emergency ───► coding ── emergency-begun ──┐
 *                                                  └─ witness ─────► vouching                    │
 *        card-read (of the colleague) ──► identifying ──► asking ──► checking ── witnessed ──────┤
 *                                                                                                ▼
 *   opening ◄── proved ── confirm ◄── reason-chosen ── reason ◄── colleague-found ─────────── number
 *                            │                           │                            │
 *                            └── cancelled goes back ────┴────────────────────────────┘
 *
 * A code that is refused is asked for again, after a while where the server says so. Any card that is held meanwhile
 * begins its own attempt. Every state ends by itself.
 */
import type { Greeting } from '#contract/api/logins.ts';
import type { Misread } from '#contract/card.ts';
import type { EmergencyReason, Way } from '#contract/cardless.ts';
import type { Failure } from '#contract/errors.ts';
import type { AttemptId, LockId } from '#contract/ids.ts';
import type { Moment } from './state.ts';

/** How to get in is chosen. */
export interface Ways {
  readonly kind: 'ways';
  readonly until: Moment;
}
/** A code is typed or looked at. */
export interface Coding {
  readonly kind: 'coding';
  readonly way: 'substitute' | 'emergency';
  readonly typed: number;
  /** The request under way; null while somebody types. */
  readonly request: number | null;
  readonly wrong: { readonly supportCode: string | null } | null;
  /** Nothing is taken until then. */
  readonly waitUntil: Moment | null;
  readonly until: Moment;
}
/** The colleague's card is awaited. */
export interface Vouching {
  readonly kind: 'vouching';
  readonly problem: Misread | null;
  readonly until: Moment;
}
/** A sealed code was right or a colleague has vouched: for whom, why, and then the desktop. */
export interface Emergency {
  readonly kind: 'emergency';
  readonly step: 'number' | 'looking' | 'reason' | 'confirm' | 'sending';
  readonly attempt: AttemptId;
  readonly ticket: string;
  readonly supportCode: string;
  /** Name of the colleague who vouches; null by a code. */
  readonly witness: string | null;
  readonly typed: number;
  readonly wrong: boolean;
  readonly colleague: Greeting | null;
  readonly reason: EmergencyReason | null;
  readonly endsAt: Moment;
}
export type CardlessPhase = Ways | Coding | Vouching | Emergency;

export type CardlessEvent =
  | { readonly kind: 'without-card-asked' }
  | { readonly kind: 'way-chosen'; readonly way: Way }
  | { readonly kind: 'code-failed'; readonly request: number; readonly failure: Failure }
  | {
      readonly kind: 'emergency-begun';
      readonly request: number;
      readonly attempt: AttemptId;
      readonly ticket: string;
      readonly supportCode: string;
      readonly endsAt: Moment;
    }
  /** `attempt` is the witness's own, `next` the one of the colleague. */
  | {
      readonly kind: 'witnessed';
      readonly attempt: AttemptId;
      readonly next: AttemptId;
      readonly ticket: string;
      readonly supportCode: string;
      readonly endsAt: Moment;
    }
  | {
      readonly kind: 'colleague-found';
      readonly attempt: AttemptId;
      readonly ticket: string;
      readonly colleague: Greeting;
      readonly endsAt: Moment;
    }
  | { readonly kind: 'reason-chosen'; readonly reason: EmergencyReason }
  | { readonly kind: 'confirmed' }
  | { readonly kind: 'emergency-failed'; readonly attempt: AttemptId; readonly failure: Failure };

export type CardlessEffect =
  /** Send what was typed as a code, and forget it. */
  | { readonly kind: 'begin-by-code'; readonly request: number; readonly lock: LockId }
  | { readonly kind: 'begin-emergency'; readonly request: number; readonly lock: LockId }
  /** Send what was typed as a staff number, and forget it. */
  | { readonly kind: 'find-colleague'; readonly attempt: AttemptId; readonly ticket: string }
  | {
      readonly kind: 'open-emergency';
      readonly attempt: AttemptId;
      readonly ticket: string;
      readonly reason: EmergencyReason;
    };

/** How long its states wait for a hand (milliseconds). */
export const cardlessSpans = { ways: 30_000, coding: 60_000, vouching: 30_000 } as const;

/** Digits of the codes as the server makes them; of a staff number at most. */
export const codeDigits = { substitute: 12, emergency: 20 } as const;
export const longestNumber = 20;
