import { useRef } from 'react';
import type { Frame, Picture } from '#contract/screen.ts';
import { call } from '../agent.ts';
import { useKeyboard } from '../keyboard.ts';
import { Dots } from '../parts/dots.tsx';
import { Icon } from '../parts/icon.tsx';
import { Keypad } from '../parts/keypad.tsx';
import { Sentences } from '../parts/sentences.tsx';
import { Notice, Stage } from '../parts/stage.tsx';
import { TimeRing } from '../parts/time-ring.tsx';
import { fill, type Words } from '../words.ts';

export type SecretPicture = Extract<Picture, { kind: 'secret' }>;

const Wrong = ({ words, picture }: { readonly words: Words; readonly picture: SecretPicture }) => {
  const left = picture.wrong?.triesLeft;
  const warning =
    left === undefined
      ? words.secret.again
      : left <= 1
        ? words.secret.lastTry
        : fill(words.secret.triesLeft, { count: left });
  return (
    <Notice tone="stop" icon="alert">
      <strong>{words.secret[picture.factor].wrong}</strong> <Sentences text={warning} />
    </Notice>
  );
};

/** Counts refusals, so that each of them, and no other change, shakes the row of dots. */
const useRefusals = (picture: SecretPicture): number => {
  const seen = useRef({ refusals: 0, checking: false });
  if (seen.current.checking && !picture.checking && picture.wrong !== undefined) seen.current.refusals += 1;
  seen.current.checking = picture.checking;
  return seen.current.refusals;
};

/** The PIN or code of a person whose card was read. What is typed lives in the guard; here is its length. */
export const SecretScreen = ({
  frame,
  words,
  picture,
}: {
  readonly frame: Frame;
  readonly words: Words;
  readonly picture: SecretPicture;
}) => {
  const refusals = useRefusals(picture);
  useKeyboard(!picture.checking, !picture.checking);
  const said = words.secret[picture.factor];
  const detail = fill(words.secret[picture.factor].detail, {
    shortest: picture.shortest,
    longest: picture.longest,
  });
  return (
    <Stage frame={frame} words={words} tone={picture.wrong === undefined ? 'calm' : 'warn'}>
      <section className="entry">
        <p className="greeting">
          <Icon name="person" />
          {fill(words.greeting, { name: picture.greet })}
        </p>
        {picture.asWitness ? (
          <p className="chip" data-as-witness="">
            <Icon name="person" />
            {words.secret.asWitness}
          </p>
        ) : null}
        {picture.accepted.map((factor) => (
          <p key={factor} className="chip" data-accepted={factor}>
            <Icon name="check" />
            {words.secret[factor].accepted}
          </p>
        ))}
        <h1 className="title entry-title" aria-live="polite">
          {said.title}
        </h1>
        <p className="detail">
          <Sentences text={detail} />
        </p>
        <div key={refusals} className={refusals > 0 && picture.typed === 0 ? 'dots-row shaken' : 'dots-row'}>
          <Dots words={words} typed={picture.typed} shortest={picture.shortest} checking={picture.checking} />
        </div>
        <div className="entry-state" aria-live="assertive">
          {picture.checking ? (
            <Notice tone="busy" icon="hourglass">
              {words.secret.checking}
            </Notice>
          ) : picture.wrong === undefined ? null : (
            <Wrong words={words} picture={picture} />
          )}
        </div>
        <div className="entry-acts">
          <button
            type="button"
            className="act"
            aria-disabled={picture.checking}
            onClick={() => call('login/cancel', {})}
          >
            <Icon name="cross" />
            {words.secret.cancel}
          </button>
          {picture.others.map((factor) => (
            <button
              key={factor}
              type="button"
              className="act"
              data-action={factor}
              onClick={() => call('login/choose-factor', { factor })}
            >
              <Icon name={factor === 'totp' ? 'clock' : 'key'} />
              {words.secret[factor].use}
            </button>
          ))}
          <TimeRing words={words} endsAt={picture.endsAt} />
        </div>
      </section>
      <Keypad words={words} disabled={picture.checking} />
    </Stage>
  );
};
