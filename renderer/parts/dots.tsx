import { fill, type Words } from '../words.ts';

export interface DotsProps {
  readonly words: Words;
  readonly typed: number;
  readonly shortest: number;
  readonly checking: boolean;
}

/** How many characters were typed, and that is all this process knows of them. */
export const Dots = ({ words, typed, shortest, checking }: DotsProps) => {
  const places = Array.from({ length: Math.max(shortest, typed) }, (_, place) => place);
  const spoken = typed === 0 ? words.secret.empty : fill(words.secret.typed, { count: typed });
  return (
    <div
      className={checking ? 'dots checking' : 'dots'}
      role="img"
      aria-label={checking ? words.secret.checking : spoken}
    >
      {places.map((place) => (
        <span key={place} className={place < typed ? 'dot full' : 'dot'} />
      ))}
    </div>
  );
};
