import type { ReactNode } from 'react';
import { useWords } from '../data/use-words.ts';
import { Field } from './field.tsx';

interface CodeFieldProps {
  readonly label?: string;
  readonly value: string;
  readonly change: (value: string) => void;
  readonly error?: string | undefined;
  readonly hint?: string;
  readonly autoComplete?: 'one-time-code' | 'off';
  readonly autoFocus?: boolean;
}

/** Six digits of an authenticator app; room for the space that some apps show in the middle. */
export const CodeField = ({ label, ...rest }: CodeFieldProps): ReactNode => {
  const { say } = useWords();
  return (
    <Field
      label={label ?? say('totp.code')}
      inputMode="numeric"
      autoComplete="one-time-code"
      maxLength={7}
      required
      hint={say('totp.code-hint')}
      {...rest}
    />
  );
};

/** The digits without the spaces. */
export const digitsOf = (typed: string): string => typed.replace(/\s/g, '');
