import type { Frame, Refusal } from '#contract/screen.ts';
import { call } from '../agent.ts';
import { useKeyboard } from '../keyboard.ts';
import type { IconName } from '../parts/icon.tsx';
import { Icon } from '../parts/icon.tsx';
import { Illustration } from '../parts/illustration.tsx';
import { Speech, Stage, type Tone } from '../parts/stage.tsx';
import { helpdeskLine, type Words } from '../words.ts';
import { WithoutCard } from './cardless.tsx';

const looks: Readonly<Record<Refusal, { readonly icon: IconName; readonly tone: Tone }>> = {
  card: { icon: 'cross', tone: 'stop' },
  code: { icon: 'cross', tone: 'stop' },
  emergency: { icon: 'cross', tone: 'stop' },
  locked: { icon: 'lock', tone: 'stop' },
  'too-slow': { icon: 'hourglass', tone: 'warn' },
  busy: { icon: 'hourglass', tone: 'warn' },
  server: { icon: 'offline', tone: 'warn' },
  offline: { icon: 'offline', tone: 'warn' },
  failed: { icon: 'alert', tone: 'warn' },
};

export interface RefusedProps {
  readonly frame: Frame;
  readonly words: Words;
  readonly why: Refusal;
  readonly supportCode: string | undefined;
}

/** The same words for every card that opens nothing; the support code alone leads helpdesk to the reason. */
export const RefusedScreen = ({ frame, words, why, supportCode }: RefusedProps) => {
  const look = looks[why];
  useKeyboard(false, true);
  return (
    <Stage frame={frame} words={words} tone={look.tone}>
      <div className="picture">
        <Illustration scene={look.tone === 'stop' ? 'refuse' : 'invite'} />
      </div>
      <Speech title={words.refused[why].title} detail={words.refused[why].detail} icon={look.icon}>
        <dl className="facts">
          {supportCode === undefined ? null : (
            <div className="fact">
              <dt>
                <Icon name="info" />
                {words.support.label}
              </dt>
              <dd className="support-code" data-support-code="">
                {supportCode}
              </dd>
            </div>
          )}
          <div className="fact">
            <dt>
              <Icon name="phone" />
              {words.support.call}
            </dt>
            <dd>{helpdeskLine(words, frame.view.helpdesk)}</dd>
          </div>
        </dl>
        <div className="entry-acts">
          <button type="button" className="act" data-action="close" onClick={() => call('login/cancel', {})}>
            <Icon name="cross" />
            {words.support.close}
          </button>
        </div>
        <WithoutCard frame={frame} words={words} />
      </Speech>
    </Stage>
  );
};
