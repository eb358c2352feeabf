import type { Frame, Picture } from '#contract/screen.ts';
import { secondsLeft, useNow } from '../clock.ts';
import { useKeyboard } from '../keyboard.ts';
import { Acts } from '../parts/acts.tsx';
import { Dots } from '../parts/dots.tsx';
import { Icon } from '../parts/icon.tsx';
import { Keypad } from '../parts/keypad.tsx';
import { Sentences } from '../parts/sentences.tsx';
import { Notice, Stage } from '../parts/stage.tsx';
import { fill, type Words } from '../words.ts';

type CodePicture = Extract<Picture, { kind: 'code' }>;

/** What has come of it so far: it is looked at, it has to wait, or it was refused. */
const CodeState = ({ words, picture }: { readonly words: Words; readonly picture: CodePicture }) => {
  const now = useNow(1_000);
  const { checking, waitUntil, wrong } = picture;
  if (checking) {
    return (
      <Notice tone="busy" icon="hourglass">
        {words.secret.checking}
      </Notice>
    );
  }
  if (waitUntil !== undefined && waitUntil > now) {
    return (
      <Notice tone="stop" icon="lock">
        {fill(words.cardless.code.wait, { seconds: secondsLeft(waitUntil, now) })}
      </Notice>
    );
  }
  if (wrong === undefined) return null;
  return (
    <Notice tone="stop" icon="alert">
      <strong>{words.cardless.code[picture.what].wrong}</strong>{' '}
      {wrong.supportCode === undefined ? null : (
        <span data-support-code="">{fill(words.cardless.code.support, { code: wrong.supportCode })}</span>
      )}
    </Notice>
  );
};

/** A code that stands for a card, or a staff number. What is typed lives in the guard; here is its length. */
export const CodeScreen = ({
  frame,
  words,
  picture,
}: {
  readonly frame: Frame;
  readonly words: Words;
  readonly picture: CodePicture;
}) => {
  const { what, typed, shortest, longest, checking, witness, wrong } = picture;
  useKeyboard(!checking, !checking);
  const said = words.cardless.code[what];
  return (
    <Stage frame={frame} words={words} tone={wrong === undefined ? 'calm' : 'warn'}>
      <section className="entry">
        {witness === undefined ? null : (
          <p className="chip">
            <Icon name="check" />
            {fill(words.cardless.code.vouchedBy, { name: witness })}
          </p>
        )}
        <h1 className="title entry-title" aria-live="polite">
          {said.title}
        </h1>
        <p className="detail">
          <Sentences text={fill(said.detail, { longest })} />
        </p>
        <div className="dots-row">
          <Dots words={words} typed={typed} shortest={what === 'number' ? 1 : shortest} checking={checking} />
        </div>
        <div className="entry-state" aria-live="assertive">
          <CodeState words={words} picture={picture} />
        </div>
        <Acts words={words} endsAt={picture.endsAt} disabled={checking} />
      </section>
      <Keypad words={words} disabled={checking} />
    </Stage>
  );
};
