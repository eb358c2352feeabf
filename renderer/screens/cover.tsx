import type { Frame } from '#contract/screen.ts';
import { wordsOf } from '../words.ts';
import { Veil } from './veil.tsx';

/** A further display: covered, and pointing to the one that takes the card. */
export const CoverScreen = ({ frame }: { readonly frame: Frame }) => (
  <Veil frame={frame} words={wordsOf(frame.settings.language)} />
);
