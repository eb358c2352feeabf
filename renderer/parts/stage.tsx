import type { ReactNode } from 'react';
import type { Frame } from '#contract/screen.ts';
import mark from '../../assets/mark.json' with { type: 'json' };
import { call } from '../agent.ts';
import { timeOf, useNow } from '../clock.ts';
import { fill, helpdeskLine, otherLanguage, type Words, wordsOf } from '../words.ts';
import { Icon, type IconName } from './icon.tsx';
import { Sentences } from './sentences.tsx';

/** The colour of a state; icon and words always say the same. */
export type Tone = 'calm' | 'busy' | 'warn' | 'stop' | 'good';

const Clock = ({ language }: { readonly language: Frame['settings']['language'] }) => {
  const now = new Date(useNow(60_000));
  const locale = language === 'ja' ? 'ja-JP' : 'en-GB';
  return (
    <time className="clock" dateTime={now.toISOString()}>
      <span className="clock-date">
        {now.toLocaleDateString(locale, { month: 'long', day: 'numeric', weekday: 'short' })}
      </span>
      <span className="clock-time">{now.toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' })}</span>
    </time>
  );
};

export const Brand = ({ words, terminal }: { readonly words: Words; readonly terminal: string }) => (
  <div className="brand">
    <svg className="brand-mark" viewBox="0 0 48 48" aria-hidden="true" focusable="false">
      <rect width="48" height="48" rx="12" />
      <path d={mark.reader} />
      <path d={mark.card} />
    </svg>
    <div>
      <div className="brand-name">{words.product}</div>
      <div className="brand-terminal">
        <span className="quiet">{words.terminal}</span> {terminal === '' ? '—' : terminal}
      </div>
    </div>
  </div>
);

const Tools = ({ frame, words }: { readonly frame: Frame; readonly words: Words }) => {
  const { language, sound } = frame.settings;
  const next = otherLanguage(language);
  return (
    <div className="tools">
      <button
        type="button"
        className="tool"
        aria-pressed={sound}
        onClick={() => call('settings/change', { sound: !sound })}
      >
        <Icon name={sound ? 'sound' : 'mute'} />
        {sound ? words.sound.on : words.sound.off}
      </button>
      <button
        type="button"
        className="tool"
        data-action="language"
        lang={next}
        onClick={() => call('settings/change', { language: next })}
      >
        <Icon name="globe" />
        {wordsOf(next).language.name}
      </button>
    </div>
  );
};

export interface StageProps {
  readonly frame: Frame;
  readonly words: Words;
  readonly tone: Tone;
  readonly children: ReactNode;
}

/** The frame around every lock picture: who and where on top, help and settings below. */
export const Stage = ({ frame, words, tone, children }: StageProps) => (
  <div className={`stage tone-${tone}`}>
    <header className="stage-top">
      <Brand words={words} terminal={frame.view.terminal} />
      <div className="stage-state">
        {frame.view.online || frame.view.picture.kind === 'not-ready' ? null : (
          <span className="chip warn">
            <Icon name="offline" />
            {frame.view.offlineUntil === null
              ? words.offline
              : fill(words.offlineUntil, { time: timeOf(frame.view.offlineUntil, frame.settings.language) })}
          </span>
        )}
        {frame.view.diskFull ? (
          <span className="chip warn">
            <Icon name="book" />
            {words.diskFull}
          </span>
        ) : null}
        {frame.view.clockWrong ? (
          <span className="chip warn">
            <Icon name="clock" />
            {words.clockWrong}
          </span>
        ) : null}
        <Clock language={frame.settings.language} />
      </div>
    </header>
    <main className="stage-body">{children}</main>
    <footer className="stage-foot">
      <div className="help">
        <Icon name="phone" />
        <span className="quiet">{words.helpdesk.ask}</span>
        <strong>{helpdeskLine(words, frame.view.helpdesk)}</strong>
      </div>
      <Tools frame={frame} words={words} />
    </footer>
  </div>
);

export interface SpeechProps {
  readonly title: string;
  readonly detail?: string | undefined;
  readonly icon: IconName;
  readonly children?: ReactNode;
  readonly above?: ReactNode;
}

/** The one instruction: icon, large words, and what helps below. Spoken by a screen reader when it changes. */
export const Speech = ({ title, detail, icon, children, above }: SpeechProps) => (
  <section className="speech" aria-live="assertive" aria-atomic="true">
    {above}
    <h1 className="title">
      <span className="title-icon">
        <Icon name={icon} />
      </span>
      <span>{title}</span>
    </h1>
    {detail === undefined ? null : (
      <p className="detail">
        <Sentences text={detail} />
      </p>
    )}
    {children}
  </section>
);

export const Notice = ({
  tone,
  icon,
  children,
}: {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly children: ReactNode;
}) => (
  <p className={`notice tone-${tone}`}>
    <Icon name={icon} />
    <span>{typeof children === 'string' ? <Sentences text={children} /> : children}</span>
  </p>
);
