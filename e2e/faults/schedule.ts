import { z } from 'zod';
import { createRandom, type Random } from './random.ts';
import { type FaultKind, faultKinds, type Place, rowOf, type Sort, servers, terminals } from './table.ts';

/** One fault of a run. */
export const timedFault = z.strictObject({
  kind: z.enum(faultKinds as [FaultKind, ...FaultKind[]]),
  /** Milliseconds after the work has begun. */
  at: z.int().min(0),
  /** Milliseconds until it is healed; 0: it needs no healing. */
  lasts: z.int().min(0),
  /** A terminal or a process of the server; empty where there is no choice. */
  where: z.string(),
  /** From 0 to below 1: whatever else it has to choose follows from it. */
  dice: z.number().min(0).max(1),
});
export type TimedFault = z.infer<typeof timedFault>;

/** All that a run follows: what people do comes from the seed, too. */
export const schedule = z.strictObject({
  seed: z.int(),
  milliseconds: z.int().min(1),
  faults: z.array(timedFault),
});
export type Schedule = z.infer<typeof schedule>;

const everywhere: readonly Place[] = [...terminals, ...servers, 'database', 'desk'];

/** What a fault of this sort must have for itself. */
export const placesOf = (sort: Sort, where: string): readonly Place[] => {
  switch (sort) {
    case 'database':
      return ['database', ...servers];
    case 'desk':
    case 'operator':
      return ['desk'];
    case 'everything':
      return everywhere;
    default:
      return [where as Place];
  }
};

const choose = (sort: Sort, random: Random): string => {
  switch (sort) {
    case 'database':
    case 'desk':
    case 'operator':
    case 'everything':
      return '';
    case 'server':
      return random.pick(servers);
    default:
      return random.pick(terminals);
  }
};

/** How long things are left alone after a fault was healed (milliseconds): the next one there is another story. */
const calm = 1_500;

export interface ScheduleOptions {
  readonly seed: number;
  readonly milliseconds: number;
  /** Faults that may come; all when left out. */
  readonly kinds?: readonly FaultKind[];
  /** Milliseconds from one fault to the next on average. */
  readonly every?: number;
}

/** Draws the faults of a run. They overlap, but no two strike the same place at once. */
export const drawSchedule = (options: ScheduleOptions): Schedule => {
  const { seed, milliseconds, kinds = faultKinds, every = 2_500 } = options;
  const random = createRandom(seed, 'faults');
  const weights = Object.fromEntries(kinds.map((kind) => [kind, rowOf(kind).weight])) as Record<FaultKind, number>;
  const freeFrom = new Map<Place, number>();
  const faults: TimedFault[] = [];
  for (let at = random.whole(500, every); at < milliseconds; at += random.whole(every / 4, (every * 7) / 4)) {
    const kind = random.weighted(weights);
    const { lasts: span, sort } = rowOf(kind);
    const where = choose(sort, random);
    const lasts = random.whole(...span);
    const dice = Math.floor(random.next() * 1e6) / 1e6;
    const needed = placesOf(sort, where);
    const free = Math.max(...needed.map((place) => freeFrom.get(place) ?? 0));
    // What needs everything would never find it free: the others wait for it.
    if (sort === 'everything') at = Math.max(at, free);
    if (at + lasts > milliseconds || free > at) continue;
    for (const place of needed) freeFrom.set(place, at + lasts + calm);
    faults.push({ kind, at: Math.round(at), lasts, where, dice });
  }
  return { seed, milliseconds, faults };
};
