import type { ReactNode } from 'react';
import type { Failure } from '#contract/errors.ts';
import { useWords } from '../data/use-words.ts';
import { Icon, type IconName } from './icon.tsx';

type Look = 'info' | 'good' | 'warn' | 'bad';
const icons: Readonly<Record<Look, IconName>> = { info: 'info', good: 'check', warn: 'warning', bad: 'warning' };

interface NoticeProps {
  readonly look: Look;
  readonly children: ReactNode;
  /** Read out at once by a screen reader. */
  readonly alert?: boolean;
}

export const Notice = ({ look, children, alert = false }: NoticeProps): ReactNode => (
  <div className={`notice ${look}`} role={alert ? 'alert' : undefined}>
    <Icon name={icons[look]} />
    <div>{children}</div>
  </div>
);

/** Why something failed, in words, and what to do next. */
export const FailureNotice = ({ failure }: { readonly failure: Failure | undefined }): ReactNode => {
  const { say } = useWords();
  if (failure === undefined) return null;
  return (
    <Notice look="bad" alert>
      <p>{say(`failure.${failure.code}`, { seconds: failure.retryAfterSeconds, tries: failure.triesLeft })}</p>
      {failure.supportCode !== undefined && (
        <p className="support-code">{say('common.support-code', { code: failure.supportCode })}</p>
      )}
    </Notice>
  );
};
