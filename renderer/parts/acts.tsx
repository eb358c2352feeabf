import type { ReactNode } from 'react';
import { call } from '../agent.ts';
import type { Words } from '../words.ts';
import { Icon, type IconName } from './icon.tsx';
import { TimeRing } from './time-ring.tsx';

export interface ActProps {
  readonly name: string;
  readonly icon: IconName;
  readonly disabled?: boolean;
  readonly onAct: () => void;
  readonly children: ReactNode;
}

export const Act = ({ name, icon, disabled = false, onAct, children }: ActProps) => (
  <button
    type="button"
    className="act"
    data-action={name}
    aria-disabled={disabled}
    onClick={() => {
      if (!disabled) onAct();
    }}
  >
    <Icon name={icon} />
    <span>{children}</span>
  </button>
);

export interface ActsProps {
  readonly words: Words;
  readonly endsAt: number;
  readonly disabled?: boolean;
  readonly children?: ReactNode;
}

/** What may be done here beside cancelling, and how long it waits. */
export const Acts = ({ words, endsAt, disabled = false, children }: ActsProps) => (
  <div className="entry-acts">
    {children}
    <Act name="cancel" icon="cross" disabled={disabled} onAct={() => call('login/cancel', {})}>
      {words.secret.cancel}
    </Act>
    <TimeRing words={words} endsAt={endsAt} />
  </div>
);
