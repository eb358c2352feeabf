import type { Frame, Picture } from '#contract/screen.ts';
import { useNow } from '../clock.ts';
import { Illustration, type Scene } from '../parts/illustration.tsx';
import { Notice, Speech, Stage, type Tone } from '../parts/stage.tsx';
import { otherLanguage, type Words, wordsOf } from '../words.ts';
import { WithoutCard } from './cardless.tsx';

type ReadyNotice = Extract<Picture, { kind: 'ready' }>['notice'];

const sceneOf = (notice: ReadyNotice): Scene => {
  if (notice?.kind === 'lift-card') return 'lift';
  return notice?.kind === 'misread' && notice.why === 'several-cards' ? 'several' : 'invite';
};

const toneOf = (notice: ReadyNotice): Tone => (notice === undefined || notice.kind === 'locked' ? 'calm' : 'warn');

const NoticeOf = ({ words, notice }: { readonly words: Words; readonly notice: ReadyNotice }) => {
  switch (notice?.kind) {
    case undefined:
      return null;
    case 'locked':
      return (
        <Notice tone="busy" icon="lock">
          {words.locked[notice.why]}
        </Notice>
      );
    case 'misread':
      return (
        <Notice tone="warn" icon="alert">
          {words.misread[notice.why]}
        </Notice>
      );
    case 'lift-card':
      return null;
  }
};

/** The one instruction. The other language stands below it, for whoever cannot read the first. */
export const ReadyScreen = ({
  frame,
  words,
  notice,
}: {
  readonly frame: Frame;
  readonly words: Words;
  readonly notice: ReadyNotice;
}) => {
  const other = otherLanguage(frame.settings.language);
  const minute = useNow(60_000);
  const said = notice?.kind === 'lift-card' ? words.liftCard : words.ready;
  return (
    <Stage frame={frame} words={words} tone={toneOf(notice)}>
      {/* A new key each minute plays the motion again: it rests in between, and so does the processor. */}
      <div className="picture" key={Math.floor(minute / 60_000)}>
        <Illustration scene={sceneOf(notice)} />
      </div>
      <Speech title={said.title} detail={said.detail} icon="card" above={<NoticeOf words={words} notice={notice} />}>
        <p className="other-language" lang={other}>
          {wordsOf(other).ready.plain}
        </p>
        <WithoutCard frame={frame} words={words} />
      </Speech>
    </Stage>
  );
};
