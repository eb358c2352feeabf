/** Japanese has no spaces: a line breaks after a mark of punctuation first, and within a clause only where that is too long. */
export const Sentences = ({ text }: { readonly text: string }) => {
  const clauses = text.split(/(?<=[。、])/);
  let at = 0;
  return clauses.length === 1
    ? text
    : clauses.map((clause) => {
        at += clause.length;
        return (
          <span className="clause" key={at}>
            {clause}
          </span>
        );
      });
};
