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

/** The medians in milliseconds, where they tell one from another. */
const findApart = async (asked: Asked, { rounds, apart, share }: Limits): Promise<string | undefined> => {
  const times = new Map(Object.keys(asked).map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round += 1)
    for (const [name, ask] of Object.entries(asked)) {
      const since = performance.now();
      await ask();
      times.get(name)?.push(performance.now() - since);
    }
  const medians = [...times].map(([name, samples]) => [name, median(samples)] as const);
  const all = medians.map(([, value]) => value);
  const most = Math.max(...all);
  return most - Math.min(...all) < Math.max(apart, share * most)
    ? undefined
    : JSON.stringify(Object.fromEntries(medians));
};

/**
 * Each is asked as often, in turn, and none is answered sooner than another. What other work a machine has makes some
 * late now and then; what an answer gives away makes it late each time.
 */
export const mustTakeAsLong = async (asked: Asked, limits: Limits): Promise<void> => {
  const found: string[] = [];
  for (let tries = 0; tries < 3; tries += 1) {
    const told = await findApart(asked, limits);
    if (told === undefined) return;
    found.push(told);
  }
  assert.fail(`one can be told from another by time: ${found.join(' ')}`);
};
