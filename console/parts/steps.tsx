import type { ReactNode } from 'react';
import { Icon } from './icon.tsx';

interface StepsProps {
  readonly steps: readonly string[];
  /** Place of the step that is being done; all are past when it is their number. */
  readonly at: number;
  /** True: nobody does any of them now. */
  readonly over?: boolean;
}

/** How far somebody has come. */
export const Steps = ({ steps, at, over = false }: StepsProps): ReactNode => (
  <ol className="steps">
    {steps.map((step, index) => (
      <li
        key={step}
        className={index < at ? 'past' : index === at && !over ? 'now' : 'later'}
        aria-current={index === at && !over ? 'step' : undefined}
      >
        <span className="step-mark">{index < at ? <Icon name="check" /> : index + 1}</span>
        {step}
      </li>
    ))}
  </ol>
);
