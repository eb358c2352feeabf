import type { ReactNode } from 'react';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Notice } from './notice.tsx';

/** The end of a dialog that did what was asked. */
export const Done = ({ close, children }: { readonly close: () => void; readonly children: ReactNode }): ReactNode => {
  const { say } = useWords();
  return (
    <>
      <div role="status">
        <Notice look="good">
          <p className="big">{children}</p>
        </Notice>
      </div>
      <div className="dialog-actions">
        <Button look="primary" onClick={close} autoFocus>
          {say('common.done')}
        </Button>
      </div>
    </>
  );
};
