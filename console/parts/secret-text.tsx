import { type ReactNode, useState } from 'react';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';

/** Something to hand over, shown to be read or copied. */
export const SecretText = ({
  label,
  text,
  long = false,
}: {
  readonly label: string;
  readonly text: string;
  readonly long?: boolean;
}): ReactNode => {
  const { say } = useWords();
  const [copied, setCopied] = useState<'no' | 'yes' | 'failed'>('no');
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setCopied('yes'),
      () => setCopied('failed'),
    );
  };
  return (
    <div className="secret-text">
      <p className="secret-label">{label}</p>
      <div className="secret-row">
        <output className={long ? 'secret-value long' : 'secret-value'}>{text}</output>
        <Button icon={copied === 'yes' ? 'check' : 'copy'} onClick={copy}>
          {say(copied === 'yes' ? 'common.copied' : 'common.copy')}
        </Button>
      </div>
      <p className="visually-hidden" role="status">
        {copied === 'yes' ? say('common.copied') : ''}
      </p>
      {copied === 'failed' && <p className="field-error">{say('common.copy-failed')}</p>}
    </div>
  );
};
