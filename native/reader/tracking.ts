import type { SeenState } from './pcsc.ts';

/** What was last seen of one reader. */
export interface Tracked {
  /** To be handed to the next wait; 0 asks for an immediate answer. */
  readonly state: number;
  readonly count: number;
  readonly present: boolean;
  /** False until the reader's state was seen once: whatever lies on it then is no tap. */
  readonly known: boolean;
  /** Still listed by the service, but no longer there or not answering. */
  readonly gone: boolean;
  /** Contradictory answers in a row. */
  readonly doubts: number;
}

export type Change = 'left' | 'entered' | 'resting';

export interface Observation {
  readonly after: Tracked;
  readonly changes: readonly Change[];
}

export type Seen = Pick<SeenState, 'state' | 'count' | 'present' | 'gone'>;

export const unseen: Tracked = { state: 0, count: 0, present: false, known: false, gone: false, doubts: 0 };

/** After so many contradictory answers they are believed: a driver may count in its own way. */
const mostDoubts = 3;

/**
 * What a new state says about the card. The count goes up by one with each insertion and each removal, so a card that is
 * still there after an even change was lifted, or replaced, between two looks: it has left and entered.
 *
 * pcsc-lite 1.9.9 writes presence and count one after the other without a lock. A look in between gives a pair that does
 * not fit (odd change, same presence; even change, other presence): it is not believed but asked for again, because taking
 * its count would hide the next swap.
 */
export function observe(before: Tracked, seen: Seen): Observation {
  if (seen.gone) {
    return { after: { ...unseen, state: seen.state, gone: true }, changes: before.present ? ['left'] : [] };
  }
  const after: Tracked = {
    state: seen.state,
    count: seen.count,
    present: seen.present,
    known: true,
    gone: false,
    doubts: 0,
  };
  if (!before.known) return { after, changes: seen.present ? ['resting'] : [] };
  const difference = (seen.count - before.count) & 0xffff;
  const fits = (difference % 2 === 0) === (seen.present === before.present);
  if (!fits && before.doubts < mostDoubts) {
    return { after: { ...before, state: 0, doubts: before.doubts + 1 }, changes: [] };
  }
  const swapped = before.present && seen.present && difference >= 2;
  const changes: Change[] = [];
  if (before.present && (!seen.present || swapped)) changes.push('left');
  if (seen.present && (!before.present || swapped)) changes.push('entered');
  return { after, changes };
}
