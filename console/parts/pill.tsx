import type { ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';

export type Tone = 'good' | 'calm' | 'warn' | 'bad';
const icons: Readonly<Record<Tone, IconName>> = { good: 'check', calm: 'dot', warn: 'warning', bad: 'cross' };

/** A state by colour, icon and words. */
export const Pill = ({
  tone,
  icon = icons[tone],
  children,
}: {
  readonly tone: Tone;
  readonly icon?: IconName;
  readonly children: ReactNode;
}): ReactNode => (
  <span className={`pill ${tone}`}>
    <Icon name={icon} />
    {children}
  </span>
);
