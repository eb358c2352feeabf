import type { Frame, Picture } from '#contract/screen.ts';
import { call } from '../agent.ts';
import { secondsLeft, timeOf, useNow } from '../clock.ts';
import { Icon } from '../parts/icon.tsx';
import { fill, type Words, wordsOf } from '../words.ts';

type OpenPicture = Extract<Picture, { kind: 'open' }>;

const IdleWarning = ({ words, locksAt }: { readonly words: Words; readonly locksAt: number }) => {
  const left = secondsLeft(locksAt, useNow(1000));
  return (
    <div className="idle-warning" role="alertdialog" aria-label={words.idle.title}>
      <div className="idle-head">
        <Icon name="hourglass" />
        <h1>{words.idle.title}</h1>
      </div>
      <p className="idle-count" role="timer">
        <strong>{left}</strong> {words.idle.seconds}
      </p>
      <p className="idle-detail">{words.idle.detail}</p>
      <div className="idle-acts">
        <button type="button" className="primary" data-action="stay" onClick={() => call('session/stay', {})}>
          {words.idle.stay}
        </button>
        <button type="button" data-action="lock" onClick={() => call('session/lock', {})}>
          <Icon name="lock" />
          {words.idle.lock}
        </button>
      </div>
    </div>
  );
};

/** One place for what is wrong with the link; what the person can do least about comes first. */
const LinkState = ({ view, words }: { readonly view: Frame['view']; readonly words: Words }) => {
  const state = view.online ? (view.clockWrong ? 'clock' : 'online') : 'offline';
  return (
    <span className={state === 'online' ? 'link good' : 'link warn'}>
      <Icon name={state} />
      {words.badge[state]}
    </span>
  );
};

const SessionBadge = ({
  frame,
  words,
  picture,
}: {
  readonly frame: Frame;
  readonly words: Words;
  readonly picture: OpenPicture;
}) => (
  <div className="badge">
    <div className="badge-who">
      <strong>{fill(words.greeting, { name: picture.greet })}</strong>
      <span className="badge-facts">
        <LinkState view={frame.view} words={words} />
        <span>{frame.view.terminal}</span>
        <span>{fill(words.badge.endsAt, { time: timeOf(picture.endsAt, frame.settings.language) })}</span>
      </span>
    </div>
    {picture.mayOpenConsole ? (
      <button
        type="button"
        className="badge-console"
        data-action="console"
        onClick={() => call('session/open-console', {})}
      >
        <Icon name="monitor" />
        {words.badge.console}
      </button>
    ) : null}
    <button
      type="button"
      className="primary"
      data-action="lock"
      title={words.badge.lockHint}
      onClick={() => call('session/lock', {})}
    >
      <Icon name="lock" />
      {words.badge.lock}
    </button>
  </div>
);

/** Lies on the open desktop: who is logged in, until when, and the way to lock. */
export const BadgeScreen = ({ frame }: { readonly frame: Frame }) => {
  const words = wordsOf(frame.settings.language);
  const { picture } = frame.view;
  if (picture.kind !== 'open') return null;
  return picture.locksAt === undefined ? (
    <SessionBadge frame={frame} words={words} picture={picture} />
  ) : (
    <IdleWarning words={words} locksAt={picture.locksAt} />
  );
};
