import type { Way } from '#contract/cardless.ts';
import type { Frame, Picture } from '#contract/screen.ts';
import { call } from '../agent.ts';
import { useKeyboard } from '../keyboard.ts';
import { Act, Acts } from '../parts/acts.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';
import { Illustration } from '../parts/illustration.tsx';
import { Sentences } from '../parts/sentences.tsx';
import { Notice, Speech, Stage } from '../parts/stage.tsx';
import { fill, type Words } from '../words.ts';

interface Props<Kind extends Picture['kind']> {
  readonly frame: Frame;
  readonly words: Words;
  readonly picture: Extract<Picture, { kind: Kind }>;
}

/** The way out of the one instruction for whoever has no card at hand; nothing where the terminal has no such way. */
export const WithoutCard = ({ frame, words }: { readonly frame: Frame; readonly words: Words }) =>
  frame.view.ways.length === 0 ? null : (
    <div className="entry-acts">
      <Act name="without-card" icon="card" onAct={() => call('login/without-card', {})}>
        {words.cardless.open}
      </Act>
    </div>
  );

const iconOf: Readonly<Record<Way, IconName>> = { substitute: 'key', emergency: 'alert', witness: 'person' };

/** How to get in without a card of one's own. */
export const WaysScreen = ({ frame, words, picture }: Props<'ways'>) => {
  const said = words.cardless.ways;
  useKeyboard(false, true);
  return (
    <Stage frame={frame} words={words} tone="calm">
      <Speech title={said.title} detail={said.detail} icon="card">
        <ul className="choices">
          {frame.view.ways.map((way) => (
            <li key={way}>
              <Act name={way} icon={iconOf[way]} onAct={() => call('login/choose-way', { way })}>
                <strong>{said[way].name}</strong>{' '}
                <span className="quiet">
                  <Sentences text={said[way].detail} />
                </span>
              </Act>
            </li>
          ))}
        </ul>
        <Acts words={words} endsAt={picture.endsAt} />
      </Speech>
    </Stage>
  );
};

/** The card of the colleague who vouches. */
export const VouchScreen = ({ frame, words, picture }: Props<'vouch'>) => {
  const said = words.cardless.vouch;
  useKeyboard(false, true);
  const above =
    picture.problem === undefined ? null : (
      <Notice tone="warn" icon="alert">
        {words.misread[picture.problem]}
      </Notice>
    );
  return (
    <Stage frame={frame} words={words} tone={picture.problem === undefined ? 'calm' : 'warn'}>
      <div className="picture">
        <Illustration scene="invite" />
      </div>
      <Speech title={said.title} detail={said.detail} icon="person" above={above}>
        <Acts words={words} endsAt={picture.endsAt} />
      </Speech>
    </Stage>
  );
};

/** Whom the terminal is to be opened for, once a secret was right. */
const Colleague = ({
  words,
  greet,
  number,
}: {
  readonly words: Words;
  readonly greet: string;
  readonly number: string;
}) => (
  <p className="greeting">
    <Icon name="person" />
    {fill(words.greeting, { name: greet })} <span className="quiet">{number}</span>
  </p>
);

/** Why the terminal is opened: it is read by who reviews it. */
export const ReasonsScreen = ({ frame, words, picture }: Props<'reasons'>) => {
  const said = words.cardless.reasons;
  useKeyboard(false, true);
  return (
    <Stage frame={frame} words={words} tone="warn">
      <Speech
        title={said.title}
        detail={said.detail}
        icon="alert"
        above={<Colleague words={words} greet={picture.greet} number={picture.number} />}
      >
        <ul className="choices in-two">
          {picture.reasons.map((reason) => (
            <li key={reason}>
              <Act name={reason} icon="book" onAct={() => call('login/choose-reason', { reason })}>
                {said[reason]}
              </Act>
            </li>
          ))}
        </ul>
        <Acts words={words} endsAt={picture.endsAt} />
      </Speech>
    </Stage>
  );
};

/** The last step before the desktop: who, why, on whose word, and that it is reviewed. */
export const ConfirmScreen = ({ frame, words, picture }: Props<'confirm'>) => {
  const said = words.cardless.confirm;
  useKeyboard(false, !picture.sending);
  const { greet, number, reason, witness, sending } = picture;
  return (
    <Stage frame={frame} words={words} tone="warn">
      <Speech
        title={said.title}
        detail={said.detail}
        icon="alert"
        above={<Colleague words={words} greet={greet} number={number} />}
      >
        <dl className="facts">
          <div className="fact">
            <dt>{said.reason}</dt>
            <dd>{words.cardless.reasons[reason]}</dd>
          </div>
          {witness === undefined ? null : (
            <div className="fact">
              <dt>{said.witness}</dt>
              <dd>{fill(words.greeting, { name: witness })}</dd>
            </div>
          )}
        </dl>
        <Acts words={words} endsAt={picture.endsAt} disabled={sending}>
          <Act name="confirm" icon="unlock" disabled={sending} onAct={() => call('login/confirm', {})}>
            {sending ? said.sending : said.open}
          </Act>
        </Acts>
      </Speech>
    </Stage>
  );
};
