import { type ReactNode, type SubmitEvent, useState } from 'react';
import type { Failure } from '#contract/errors.ts';
import { useWords } from '../data/use-words.ts';
import type { WordKey } from '../words.ts';
import { Button } from './button.tsx';
import { Consequences } from './consequences.tsx';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';
import { FailureNotice } from './notice.tsx';
import { ManyReceipts, Receipts } from './receipts.tsx';

type ReasonCode = WordKey extends infer Key ? (Key extends `reason.${infer Code}` ? Code : never) : never;

export interface RevokeProps {
  readonly title: string;
  /** The title once it is done. */
  readonly doneTitle: string;
  /** What it will do, one sentence each. */
  readonly consequences: readonly string[];
  /** Usual reasons by their code, the same in every language; offered beside words of one's own. */
  readonly reasons: readonly ReasonCode[];
  readonly submit: string;
  readonly busy: boolean;
  readonly failure: Failure | undefined;
  /** Answers the number of the revocation; of several deeds theirs. */
  readonly send: (reason: string) => Promise<number | readonly number[] | undefined>;
  readonly close: () => void;
  /** What stands below the receipts, such as a way to take it back. */
  readonly after?: ReactNode;
}

/** A deed that cannot be taken back: says what it will do, asks why, then shows what it did. */
export const Revoke = ({
  title,
  doneTitle,
  consequences,
  reasons,
  submit,
  busy,
  failure,
  send,
  close,
  after,
}: RevokeProps): ReactNode => {
  const { say } = useWords();
  const [picked, setPicked] = useState<string>();
  const [own, setOwn] = useState('');
  const [sent, setSent] = useState<number | readonly number[]>();
  const reason = picked === '' ? own.trim() : (picked ?? '');
  const onSubmit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    if (reason !== '') setSent(await send(reason));
  };
  return (
    <Dialog title={sent === undefined ? title : doneTitle} close={close} mayClose={!busy}>
      {sent === undefined ? (
        <form onSubmit={(event) => void onSubmit(event)} className="form">
          <Consequences lines={consequences} />
          <fieldset className="radios">
            <legend>{say('revoke.reason')}</legend>
            {([...reasons, ''] as const).map((one) => (
              <label key={one} className="check">
                <input type="radio" name="reason" checked={picked === one} onChange={() => setPicked(one)} required />
                <span>{one === '' ? say('revoke.other') : say(`reason.${one}`)}</span>
              </label>
            ))}
          </fieldset>
          {picked === '' && (
            <Field label={say('revoke.own-words')} value={own} change={setOwn} maxLength={80} required autoFocus />
          )}
          <FailureNotice failure={failure} />
          <div className="dialog-actions">
            <Button onClick={close} disabled={busy}>
              {say('common.cancel')}
            </Button>
            <Button look="danger" type="submit" busy={busy} disabled={reason === ''}>
              {submit}
            </Button>
          </div>
        </form>
      ) : (
        <>
          {typeof sent === 'number' ? <Receipts number={sent} /> : <ManyReceipts numbers={sent} />}
          {after}
          <div className="dialog-actions">
            <Button look="primary" onClick={close} autoFocus>
              {say('common.done')}
            </Button>
          </div>
        </>
      )}
    </Dialog>
  );
};
