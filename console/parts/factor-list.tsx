import type { ReactNode } from 'react';
import type { PersonPage } from '#contract/api/people.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Icon } from './icon.tsx';
import { Moment } from './moment.tsx';
import { Pill } from './pill.tsx';

type Factor = PersonPage['factors'][number];
const kinds = [
  { kind: 'pin', icon: 'keypad' },
  { kind: 'totp', icon: 'phone' },
  { kind: 'password', icon: 'password' },
] as const;

interface FactorListProps {
  readonly factors: readonly Factor[];
  readonly mayEnrol: boolean;
  /** A PIN is set with the person's own card. */
  readonly hasCard: boolean;
  readonly setPin: () => void;
  readonly setTotp: () => void;
}

export const FactorList = ({ factors, mayEnrol, hasCard, setPin, setTotp }: FactorListProps): ReactNode => {
  const { say } = useWords();
  return (
    <ul className="lines">
      {kinds.map(({ kind, icon }) => {
        const factor = factors.find((one) => one.kind === kind);
        return (
          <li key={kind}>
            <Icon name={icon} />
            <div className="line-main">
              <span className="line-title">{say(`factor.${kind}`)}</span>
              <span className="line-more">
                {factor === undefined ? (
                  say(kind === 'password' ? 'factor.password.none' : 'factor.none')
                ) : (
                  <>
                    {say('factor.set')} <Moment at={factor.setAt} />
                  </>
                )}
                {factor?.state === 'locked' && factor.lockedUntil !== null && (
                  <>
                    {' · '}
                    {say('factor.locked-until')} <Moment at={factor.lockedUntil} />
                  </>
                )}
              </span>
            </div>
            <div className="line-side">
              <FactorState factor={factor} />
              {mayEnrol && kind === 'pin' && (
                <Button onClick={setPin} disabled={!hasCard} title={hasCard ? undefined : say('pin.needs-card')}>
                  {say(factor === undefined ? 'pin.set' : 'pin.change')}
                </Button>
              )}
              {mayEnrol && kind === 'totp' && (
                <Button onClick={setTotp}>{say(factor === undefined ? 'totp.set' : 'totp.change')}</Button>
              )}
            </div>
          </li>
        );
      })}
    </ul>
  );
};

const FactorState = ({ factor }: { readonly factor: Factor | undefined }): ReactNode => {
  const { say } = useWords();
  if (factor === undefined) return <Pill tone="calm">{say('factor.state.none')}</Pill>;
  const tone = { active: 'good', locked: 'warn', disabled: 'bad' } as const;
  return <Pill tone={tone[factor.state]}>{say(`factor.state.${factor.state}`)}</Pill>;
};
