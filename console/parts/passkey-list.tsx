import type { ReactNode } from 'react';
import type { PasskeySummary } from '#contract/api/people.ts';
import { useWords } from '../data/use-words.ts';
import { Icon } from './icon.tsx';
import { Moment } from './moment.tsx';

interface PasskeyListProps {
  readonly passkeys: readonly PasskeySummary[];
  /** What may be done with one. */
  readonly children: (passkey: PasskeySummary) => ReactNode;
}

export const PasskeyList = ({ passkeys, children }: PasskeyListProps): ReactNode => {
  const { say } = useWords();
  return (
    <ul className="lines">
      {passkeys.map((passkey) => (
        <li key={passkey.id}>
          <Icon name="passkey" />
          <div className="line-main">
            <span className="line-title">{passkey.label}</span>
            <span className="line-more">{say(passkey.synced ? 'passkey.synced' : 'passkey.bound')}</span>
            <span className="line-more">
              {say('passkey.enrolled')} <Moment at={passkey.enrolledAt} />
              {' · '}
              {passkey.lastUsedAt === null ? (
                say('passkey.never-used')
              ) : (
                <>
                  {say('passkey.used')} <Moment at={passkey.lastUsedAt} />
                </>
              )}
            </span>
          </div>
          <div className="line-side">{children(passkey)}</div>
        </li>
      ))}
    </ul>
  );
};
