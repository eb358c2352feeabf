/**
 * An answer that is worked out once for all who ask within `keptFor` milliseconds: however many look at it, the database is
 * asked once. For `staleFor` more the old one is given while the next is worked out, so that nobody waits for it. One that
 * failed is not kept.
 */
export const keepAnswer = <Value>(
  { keptFor, staleFor = 0 }: { readonly keptFor: number; readonly staleFor?: number },
  now: () => Date,
  work: () => Promise<Value>,
): (() => Promise<Value>) => {
  let held: { readonly at: number; readonly answer: Promise<Value> } | undefined;
  let next: Promise<Value> | undefined;

  const begin = (at: number): Promise<Value> => {
    next ??= work().then(
      (value) => {
        held = { at, answer: Promise.resolve(value) };
        next = undefined;
        return value;
      },
      (problem: unknown) => {
        next = undefined;
        throw problem;
      },
    );
    return next;
  };
  return () => {
    const at = now().getTime();
    const age = held === undefined ? Number.NaN : at - held.at;
    // A clock that was set back ends it too.
    if (held !== undefined && age >= 0 && age < keptFor) return held.answer;
    const answer = begin(at);
    if (held === undefined || !(age >= 0 && age < keptFor + staleFor)) return answer;
    // Whoever asks after it hears of the failure.
    answer.catch(() => undefined);
    return held.answer;
  };
};
