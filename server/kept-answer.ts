/**
 * An answer that is worked out once for all who ask within so many milliseconds: however many look at it, the database is
 * asked once. One that failed is not kept.
 */
export const keepAnswer = <Value>(
  keptFor: number,
  now: () => Date,
  work: () => Promise<Value>,
): (() => Promise<Value>) => {
  let held: { readonly at: number; readonly answer: Promise<Value> } | undefined;
  return () => {
    const at = now().getTime();
    // A clock that was set back ends it too.
    if (held !== undefined && at >= held.at && at - held.at < keptFor) return held.answer;
    const answer = work();
    const mine = { at, answer };
    held = mine;
    answer.catch(() => {
      if (held === mine) held = undefined;
    });
    return answer;
  };
};
