import type { EventKind, StoredEvent } from '#contract/audit.ts';

/** One thing that happened, as somebody would tell it. */
export interface Told {
  readonly event: StoredEvent;
  /** What led to a refusal, where the events before it say so. */
  readonly cause: StoredEvent | undefined;
  /** How often in a row; `since` is the first time. */
  readonly count: number;
  readonly since: string;
}

/** Which event of an attempt says how it went. */
const telling: readonly EventKind[] = [
  'session.began',
  'credential.locked',
  'attempt.refused',
  'proof.refused',
  'proof.replayed',
  'attempt.abandoned',
  'proof.accepted',
  'attempt.begun',
];
const rank = ({ kind }: StoredEvent): number => telling.indexOf(kind);

const causes: Readonly<Record<string, readonly EventKind[]>> = {
  'card-revoked': ['card.revoked'],
  'card-suspended': ['card.suspended'],
  'card-disabled': ['credential.locked'],
  'person-suspended': ['person.suspended'],
  locked: ['credential.locked'],
};

const causeOf = ({ reason, card }: StoredEvent, before: readonly StoredEvent[]): StoredEvent | undefined => {
  const kinds = causes[reason ?? ''];
  const ofCard = reason?.startsWith('card-') === true;
  return kinds && before.find((event) => kinds.includes(event.kind) && (!ofCard || event.card === card));
};

/** A person's events, newest first, as a story: each attempt once, what repeats itself counted. */
export const toTimeline = (events: readonly StoredEvent[]): readonly Told[] => {
  const best = new Map<string, StoredEvent>();
  for (const event of events) {
    if (event.attempt == null || rank(event) === -1) continue;
    const known = best.get(event.attempt);
    if (known === undefined || rank(event) < rank(known)) best.set(event.attempt, event);
  }
  const story: Told[] = [];
  for (const [place, event] of events.entries()) {
    if (event.attempt != null && rank(event) !== -1 && best.get(event.attempt) !== event) continue;
    const last = story.at(-1);
    if (last !== undefined && isSame(last.event, event)) {
      story[story.length - 1] = { ...last, count: last.count + 1, since: event.at };
      continue;
    }
    story.push({ event, cause: causeOf(event, events.slice(place + 1)), count: 1, since: event.at });
  }
  return story;
};

const isSame = (one: StoredEvent, other: StoredEvent): boolean =>
  rank(one) !== -1 &&
  one.outcome !== 'success' &&
  one.kind === other.kind &&
  one.reason === other.reason &&
  one.terminal === other.terminal &&
  one.card === other.card;
