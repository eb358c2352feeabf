import { type ReactNode, useId, useLayoutEffect, useRef } from 'react';
import { useWords } from '../data/use-words.ts';
import { Icon } from './icon.tsx';

interface DialogProps {
  readonly title: string;
  readonly close: () => void;
  /** False while something is on its way that must be seen to its end. */
  readonly mayClose?: boolean;
  readonly children: ReactNode;
}

/** A modal of the browser's own: it keeps the focus inside and gives it back. */
export const Dialog = ({ title, close, mayClose = true, children }: DialogProps): ReactNode => {
  const { say } = useWords();
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  // Before the element leaves the page: closing it gives the focus back.
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    // Where somebody begins: the first field, or the deed that is offered. Not the cross.
    const body = dialog?.querySelector('.dialog-body');
    (body?.querySelector<HTMLElement>('input, select') ?? body?.querySelector<HTMLElement>('.primary'))?.focus();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={element}
      className="dialog"
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        if (mayClose) close();
      }}
      // Chromium lets a page prevent no second Escape in a row. Whether it closes is up to its owner all the same.
      onClose={({ currentTarget: dialog }) => {
        if (dialog.open) return;
        dialog.showModal();
        if (mayClose) close();
      }}
    >
      <header className="dialog-head">
        <h2 id={heading}>{title}</h2>
        <button
          type="button"
          className="icon-button"
          onClick={close}
          disabled={!mayClose}
          aria-label={say('common.close')}
        >
          <Icon name="cross" />
        </button>
      </header>
      <div className="dialog-body">{children}</div>
    </dialog>
  );
};
