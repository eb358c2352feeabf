import type { ElsewhereChoice, Frame, Picture } from '#contract/screen.ts';
import { call } from '../agent.ts';
import { timeOf } from '../clock.ts';
import { useKeyboard } from '../keyboard.ts';
import { Icon } from '../parts/icon.tsx';
import { Illustration } from '../parts/illustration.tsx';
import { Speech, Stage } from '../parts/stage.tsx';
import { TimeRing } from '../parts/time-ring.tsx';
import { fill, type Words } from '../words.ts';

export interface ElsewhereProps {
  readonly frame: Frame;
  readonly words: Words;
  readonly picture: Extract<Picture, { kind: 'elsewhere' }>;
}

const choices: readonly ElsewhereChoice[] = ['end-there', 'keep-both'];

/** Every factor was right, and the person is logged in at another terminal: what becomes of that? */
export const ElsewhereScreen = ({ frame, words, picture }: ElsewhereProps) => {
  const said = words.elsewhere;
  useKeyboard(false, !picture.sending);
  const values = { terminal: picture.there, time: timeOf(picture.since, frame.settings.language) };
  return (
    <Stage frame={frame} words={words} tone="calm">
      <div className="picture">
        <Illustration scene="invite" />
      </div>
      <Speech title={fill(said.title, values)} detail={fill(said.detail, values)} icon="person">
        <div className="entry-acts">
          {choices.map((choice) => (
            <button
              key={choice}
              type="button"
              className="act"
              data-action={choice}
              aria-disabled={picture.sending}
              onClick={() => call('login/settle', { choice })}
            >
              <Icon name={choice === 'end-there' ? 'lock' : 'check'} />
              {said[choice]}
            </button>
          ))}
          <button
            type="button"
            className="act"
            data-action="cancel"
            aria-disabled={picture.sending}
            onClick={() => call('login/cancel', {})}
          >
            <Icon name="cross" />
            {words.secret.cancel}
          </button>
          <TimeRing words={words} endsAt={picture.endsAt} />
        </div>
      </Speech>
    </Stage>
  );
};
