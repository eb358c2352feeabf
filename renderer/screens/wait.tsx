import type { Frame } from '#contract/screen.ts';
import { Illustration } from '../parts/illustration.tsx';
import { Speech, Stage } from '../parts/stage.tsx';
import type { Words } from '../words.ts';

/** The card is read, or the server looks who it is. */
export const WaitScreen = ({
  frame,
  words,
  kind,
}: {
  readonly frame: Frame;
  readonly words: Words;
  readonly kind: 'reading' | 'identifying';
}) => (
  <Stage frame={frame} words={words} tone="busy">
    <div className="picture">
      <Illustration scene={kind === 'reading' ? 'read' : 'check'} />
    </div>
    <Speech title={words[kind].title} detail={words[kind].detail} icon={kind === 'reading' ? 'card' : 'hourglass'} />
  </Stage>
);
