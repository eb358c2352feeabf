import type { Frame, NotReady } from '#contract/screen.ts';
import type { IconName } from '../parts/icon.tsx';
import { Icon } from '../parts/icon.tsx';
import { Illustration, type Scene } from '../parts/illustration.tsx';
import { Sentences } from '../parts/sentences.tsx';
import { Speech, Stage, type Tone } from '../parts/stage.tsx';
import { SystemPicture } from '../parts/system-picture.tsx';
import { helpdeskLine, type Words } from '../words.ts';
import { WithoutCard } from './cardless.tsx';

const looks: Readonly<Record<NotReady, { readonly icon: IconName; readonly tone: Tone; readonly scene?: Scene }>> = {
  starting: { icon: 'hourglass', tone: 'busy' },
  'no-service': { icon: 'gear', tone: 'warn' },
  'no-reader': { icon: 'plug', tone: 'warn', scene: 'absent' },
  'not-enrolled': { icon: 'key', tone: 'warn' },
  'terminal-revoked': { icon: 'stop', tone: 'stop' },
  'server-unreachable': { icon: 'offline', tone: 'warn' },
  'clock-wrong': { icon: 'clock', tone: 'warn' },
  'journal-failed': { icon: 'book', tone: 'stop' },
  'journal-full': { icon: 'book', tone: 'stop' },
};

/** Why no card can be taken at this moment, and what to do. */
export const NotReadyScreen = ({
  frame,
  words,
  why,
}: {
  readonly frame: Frame;
  readonly words: Words;
  readonly why: NotReady;
}) => {
  const look = looks[why];
  const said = words.notReady[why];
  return (
    <Stage frame={frame} words={words} tone={look.tone}>
      <div className="picture">
        {look.scene === undefined ? <SystemPicture icon={look.icon} /> : <Illustration scene={look.scene} />}
      </div>
      <Speech title={said.title} detail={said.detail} icon={look.icon}>
        <p className="way">
          <Icon name="phone" />
          <span>
            <Sentences text={said.act} />
            {frame.view.helpdesk === '' ? null : (
              <strong className="way-number">{helpdeskLine(words, frame.view.helpdesk)}</strong>
            )}
          </span>
        </p>
        <WithoutCard frame={frame} words={words} />
      </Speech>
    </Stage>
  );
};
