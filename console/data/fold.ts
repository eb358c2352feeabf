/** Without regard to case, width, kind of kana and spaces. */
export const fold = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[ぁ-ゖ]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) + 0x60))
    .replace(/\s/g, '');

interface Named {
  readonly name: string;
  readonly place: string;
}

/** Those whose name or place has what was typed, and the one that is meant: the only one, or the one that is called so. */
export const findNamed = <One extends Named>(
  all: readonly One[],
  typed: string,
): { readonly found: readonly One[]; readonly meant: One | undefined } => {
  const wanted = fold(typed);
  if (wanted === '') return { found: all, meant: undefined };
  const found = all.filter(({ name, place }) => fold(`${name} ${place}`).includes(wanted));
  return { found, meant: found.length === 1 ? found[0] : found.find(({ name }) => fold(name) === wanted) };
};
