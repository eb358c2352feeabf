import type { Frame } from '#contract/screen.ts';
import { Icon } from '../parts/icon.tsx';
import { Brand } from '../parts/stage.tsx';
import type { Words } from '../words.ts';

/** A covered display with nothing to do on it. */
export const Veil = ({ frame, words }: { readonly frame: Frame; readonly words: Words }) => (
  <div className="veil">
    <Brand words={words} terminal={frame.view.terminal} />
    <div className="veil-middle">
      <Icon name="lock" />
      <h1>{words.veil.title}</h1>
      <p>{words.veil.detail}</p>
    </div>
  </div>
);
