/**
 * Delta debugging (Zeller and Hildebrandt, 2002): the fewest of these faults with which it still fails, as far as the tries
 * last. `fails` plays them again; `mayTry` says whether there is time for one more.
 */
export const minimise = async <Fault>(
  faults: readonly Fault[],
  fails: (some: readonly Fault[]) => Promise<boolean>,
  mayTry: () => boolean = () => true,
): Promise<readonly Fault[]> => {
  let left = faults;
  let parts = 2;
  while (left.length > 0 && mayTry()) {
    const smaller = await findSmaller(left, parts, fails, mayTry);
    if (smaller !== undefined) {
      left = smaller;
      parts = Math.max(2, parts - 1);
    } else if (parts < left.length) parts = Math.min(left.length, parts * 2);
    else break;
  }
  return left;
};

/** All but one part of them, if that fails too. */
const findSmaller = async <Fault>(
  faults: readonly Fault[],
  parts: number,
  fails: (some: readonly Fault[]) => Promise<boolean>,
  mayTry: () => boolean,
): Promise<readonly Fault[] | undefined> => {
  const width = Math.ceil(faults.length / parts);
  for (let start = 0; start < faults.length && mayTry(); start += width) {
    const rest = faults.toSpliced(start, width);
    if (await fails(rest)) return rest;
  }
  return undefined;
};
