import type { Frame, Picture } from '#contract/screen.ts';
import { call } from '../agent.ts';
import { useKeyboard } from '../keyboard.ts';
import { Dots } from '../parts/dots.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';
import { Illustration, type Scene } from '../parts/illustration.tsx';
import { Keypad } from '../parts/keypad.tsx';
import { Sentences } from '../parts/sentences.tsx';
import { Notice, Speech, Stage, type Tone } from '../parts/stage.tsx';
import { fill, type Words } from '../words.ts';

export type CeremonyPicture = Extract<Picture, { kind: 'ceremony' }>;

const looks: Readonly<
  Record<CeremonyPicture['step'], { readonly tone: Tone; readonly icon: IconName; readonly scene: Scene }>
> = {
  'hold-card': { tone: 'calm', icon: 'card', scene: 'invite' },
  'choose-pin': { tone: 'calm', icon: 'key', scene: 'invite' },
  'repeat-pin': { tone: 'calm', icon: 'key', scene: 'invite' },
  sending: { tone: 'busy', icon: 'hourglass', scene: 'check' },
  done: { tone: 'good', icon: 'check', scene: 'accept' },
  failed: { tone: 'stop', icon: 'cross', scene: 'refuse' },
};

const sentences = (words: Words, picture: CeremonyPicture): { readonly title: string; readonly detail?: string } => {
  const said = words.ceremony;
  switch (picture.step) {
    case 'hold-card':
      if (picture.task === 'find') return said.holdAnyCard;
      return picture.task === 'pin' ? said.holdOwnCard : said.holdCard;
    case 'choose-pin':
      return {
        title: said.choosePin.title,
        detail: fill(said.choosePin.detail, { shortest: picture.shortest, longest: picture.longest }),
      };
    case 'repeat-pin':
      return said.repeatPin;
    case 'sending':
      return said.sending;
    case 'done':
      if (picture.task === 'loan-card') return said.doneLoanCard;
      if (picture.task === 'find') return said.doneFind;
      return picture.task === 'card' ? said.doneCard : said.donePin;
    case 'failed':
      return said.failed;
  }
};

const Heading = ({ words, picture }: { readonly words: Words; readonly picture: CeremonyPicture }) => (
  <p className="ceremony-head">
    <span className="chip">{words.ceremony[picture.task].name}</span>
    <strong>
      {fill(words.ceremony[picture.task][picture.step === 'done' ? 'done' : 'for'], { person: picture.person })}
    </strong>
    <span className="quiet">{fill(words.ceremony.by, { by: picture.by })}</span>
  </p>
);

const Cancel = ({ words }: { readonly words: Words }) => (
  <div className="entry-acts">
    <button type="button" className="act" onClick={() => call('login/cancel', {})}>
      <Icon name="cross" />
      {words.ceremony.cancel}
    </button>
  </div>
);

/** A card or PIN is enrolled at this terminal: the person acts, helpdesk sees nothing of what is typed. */
export const CeremonyScreen = ({
  frame,
  words,
  picture,
}: {
  readonly frame: Frame;
  readonly words: Words;
  readonly picture: CeremonyPicture;
}) => {
  const types = picture.step === 'choose-pin' || picture.step === 'repeat-pin';
  const ended = picture.step === 'done' || picture.step === 'failed' || picture.step === 'sending';
  useKeyboard(types, !ended);
  const look = looks[picture.step];
  const said = sentences(words, picture);
  const problem =
    picture.problem === undefined ? null : (
      <Notice tone="stop" icon="alert">
        {words.ceremony.problem[picture.problem]}
      </Notice>
    );
  if (!types) {
    return (
      <Stage frame={frame} words={words} tone={look.tone}>
        <div className="picture">
          <Illustration scene={look.scene} />
        </div>
        <Speech
          title={said.title}
          detail={said.detail}
          icon={look.icon}
          above={<Heading words={words} picture={picture} />}
        >
          {problem}
          {ended ? null : <Cancel words={words} />}
        </Speech>
      </Stage>
    );
  }
  return (
    <Stage frame={frame} words={words} tone={look.tone}>
      <section className="entry">
        <Heading words={words} picture={picture} />
        <h1 className="title entry-title" aria-live="polite">
          {said.title}
        </h1>
        <p className="detail">
          <Sentences text={said.detail ?? ''} />
        </p>
        <div className="dots-row">
          <Dots words={words} typed={picture.typed} shortest={picture.shortest} checking={false} />
        </div>
        <div className="entry-state" aria-live="assertive">
          {problem ?? (
            <Notice tone="busy" icon="lock">
              {words.ceremony.private}
            </Notice>
          )}
        </div>
        <Cancel words={words} />
      </section>
      <Keypad words={words} disabled={false} />
    </Stage>
  );
};
