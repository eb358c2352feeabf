import assert from 'node:assert/strict';

const median = (samples: readonly number[]): number =>
  samples.toSorted((one, other) => one - other)[Math.floor(samples.length / 2)] ?? 0;

type Asked = Readonly<Record<string, () => Promise<void>>>;

interface Limits {
  readonly rounds: number;
  /** Milliseconds by which medians may differ in any case. */
  readonly apart: number;
  /** The share of the longest median by which they may differ. */
  readonly share: number;
}

interface Told {
  /** Milliseconds. */
  readonly medians: Readonly<Record<string, number>>;
  /** The longer and the shorter of two that differ by more than the limits allow. */
  readonly apart: readonly string[];
}

const measure = async (asked: Asked, { rounds, apart, share }: Limits): Promise<Told> => {
  const times = new Map(Object.keys(asked).map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round += 1)
    for (const [name, ask] of Object.entries(asked)) {
      const since = performance.now();
      await ask();
      times.get(name)?.push(performance.now() - since);
    }
  const medians = [...times].map(([name, samples]) => [name, median(samples)] as const);
  const allowed = Math.max(apart, share * Math.max(...medians.map(([, value]) => value)));
  return {
    medians: Object.fromEntries(medians),
    apart: medians.flatMap(([longer, most]) =>
      medians.filter(([, least]) => most - least >= allowed).map(([shorter]) => `${longer} after ${shorter}`),
    ),
  };
};

/**
 * Each is asked as often, in turn, and none is answered sooner than another. What other work a machine has makes some
 * late now and then; what an answer gives away makes the same one late each time.
 */
export const mustTakeAsLong = async (asked: Asked, limits: Limits): Promise<void> => {
  const seen: Told[] = [];
  let always: readonly string[] | undefined;
  while (seen.length < 3) {
    const told = await measure(asked, limits);
    seen.push(told);
    always = told.apart.filter((pair) => always?.includes(pair) !== false);
    if (always.length === 0) return;
  }
  assert.fail(`one can be told from another by time: ${always?.join(', ')}: ${JSON.stringify(seen)}`);
};
