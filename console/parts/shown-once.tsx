import type { ReactNode } from 'react';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Moment } from './moment.tsx';
import { Notice } from './notice.tsx';
import { SecretText } from './secret-text.tsx';

interface ShownOnceProps {
  readonly label: string;
  readonly text: string;
  readonly long?: boolean;
  readonly expiresAt: string;
  readonly close: () => void;
}

/** A secret that the server gives out once: until when it holds, and that it will not be seen again. */
export const ShownOnce = ({ label, text, long = false, expiresAt, close }: ShownOnceProps): ReactNode => {
  const { say } = useWords();
  return (
    <>
      <SecretText long={long} label={label} text={text} />
      <p>
        {say('common.valid-until')} <Moment at={expiresAt} />
      </p>
      <Notice look="warn">
        <p>{say('common.shown-once')}</p>
      </Notice>
      <div className="dialog-actions">
        <Button look="primary" onClick={close}>
          {say('common.done')}
        </Button>
      </div>
    </>
  );
};
