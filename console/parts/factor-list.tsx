import type { ReactNode } from 'react';
import type { PersonPage } from '#contract/api/people.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Icon, type IconName } from './icon.tsx';
import { Moment } from './moment.tsx';
import { Pill } from './pill.tsx';

type Factor = PersonPage['factors'][number];
/** A first number goes when the PIN is set: it has no line. */
export type Shown = Exclude<Factor['kind'], 'initial'>;
const icons = { pin: 'keypad', totp: 'phone', password: 'password' } as const satisfies Record<Shown, IconName>;

interface FactorListProps {
  readonly factors: readonly Factor[];
  readonly mayEnrol: boolean;
  /** A PIN is set with the person's own card. */
  readonly hasCard: boolean;
  readonly setPin: () => void;
  readonly setTotp: () => void;
  /** Where the reader may make one worthless. */
  readonly revoke?: (kind: Shown) => void;
}

interface FactorLineProps {
  readonly kind: Shown;
  readonly factors: readonly Factor[];
  readonly children?: ReactNode;
}

/** One factor: since when, and whether it can be used. */
export const FactorLine = ({ kind, factors, children }: FactorLineProps): ReactNode => {
  const { say } = useWords();
  const factor = factors.find((one) => one.kind === kind);
  return (
    <li>
      <Icon name={icons[kind]} />
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
        {children}
      </div>
    </li>
  );
};

export const FactorList = ({ factors, mayEnrol, hasCard, setPin, setTotp, revoke }: FactorListProps): ReactNode => {
  const { say } = useWords();
  const isSet = (kind: Shown): boolean => factors.some((one) => one.kind === kind);
  const revokeButton = (kind: Shown): ReactNode =>
    revoke !== undefined &&
    factors.some((one) => one.kind === kind && one.state !== 'disabled') && (
      <Button
        look="danger"
        onClick={() => revoke(kind)}
        aria-label={say('revoke.factor.one', { factor: say(`factor.${kind}`) })}
      >
        {say('revoke.factor.button')}
      </Button>
    );
  return (
    <ul className="lines">
      <FactorLine kind="pin" factors={factors}>
        {mayEnrol && (
          <Button onClick={setPin} disabled={!hasCard} title={hasCard ? undefined : say('pin.needs-card')}>
            {say(isSet('pin') ? 'pin.change' : 'pin.set')}
          </Button>
        )}
        {revokeButton('pin')}
      </FactorLine>
      <FactorLine kind="totp" factors={factors}>
        {mayEnrol && <Button onClick={setTotp}>{say(isSet('totp') ? 'totp.change' : 'totp.set')}</Button>}
        {revokeButton('totp')}
      </FactorLine>
      <FactorLine kind="password" factors={factors}>
        {revokeButton('password')}
      </FactorLine>
    </ul>
  );
};

const FactorState = ({ factor }: { readonly factor: Factor | undefined }): ReactNode => {
  const { say } = useWords();
  if (factor === undefined) return <Pill tone="calm">{say('factor.state.none')}</Pill>;
  const tone = { active: 'good', locked: 'warn', disabled: 'bad' } as const;
  return <Pill tone={tone[factor.state]}>{say(`factor.state.${factor.state}`)}</Pill>;
};
