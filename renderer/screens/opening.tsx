import type { Frame } from '#contract/screen.ts';
import { Illustration } from '../parts/illustration.tsx';
import { Speech, Stage } from '../parts/stage.tsx';
import { fill, type Words } from '../words.ts';

/** Accepted; the desktop comes in a moment. */
export const OpeningScreen = ({
  frame,
  words,
  greet,
}: {
  readonly frame: Frame;
  readonly words: Words;
  readonly greet: string;
}) => (
  <Stage frame={frame} words={words} tone="good">
    <div className="picture">
      <Illustration scene="accept" />
    </div>
    <Speech
      title={words.opening.title}
      detail={words.opening.detail}
      icon="check"
      above={<p className="greeting">{fill(words.greeting, { name: greet })}</p>}
    />
  </Stage>
);
