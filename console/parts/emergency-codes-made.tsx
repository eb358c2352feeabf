import type { ReactNode } from 'react';
import type { Answer } from '#contract/api/index.ts';
import { exactly } from '../data/times.ts';
import { useZone } from '../data/use-console.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { Notice } from './notice.tsx';
import { Printed } from './printed.tsx';

interface EmergencyCodesMadeProps {
  readonly made: Answer<'emergency-codes/make'>;
  readonly close: () => void;
}

/** The codes, this once: to be printed and sealed. */
export const EmergencyCodesMade = ({ made: { batch, codes }, close }: EmergencyCodesMadeProps): ReactNode => {
  const { say } = useWords();
  const zone = useZone();
  return (
    <Dialog title={say('emergency.made', { number: batch.number })} close={close} mayClose={false}>
      <Notice look="warn">
        <p>{say('common.shown-once')}</p>
      </Notice>
      <div className="codes">
        <Codes codes={codes} />
      </div>
      <div className="dialog-actions">
        <Button look="primary" onClick={() => print()} autoFocus>
          {say('common.print')}
        </Button>
        <Button onClick={close}>{say('common.done')}</Button>
      </div>
      <Printed>
        <article className="sheet-of-codes">
          <h1>{say('emergency.sheet', { number: batch.number })}</h1>
          <p>
            {batch.group === '' ? say('emergency.no-group') : batch.group}
            {batch.note !== '' && <> · {batch.note}</>} · {exactly(batch.madeAt, zone).slice(0, 16)} ·{' '}
            {say('common.made-by', { name: batch.madeBy })}
            {batch.approvedBy !== null && <> · {say('emergency.approved-by', { name: batch.approvedBy })}</>}
          </p>
          <p>{say('emergency.sheet-how')}</p>
          <Codes codes={codes} />
          <p>{say('emergency.sheet-keep')}</p>
        </article>
      </Printed>
    </Dialog>
  );
};

const Codes = ({ codes }: { readonly codes: Answer<'emergency-codes/make'>['codes'] }): ReactNode => {
  const { say } = useWords();
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{say('emergency.serial')}</th>
          <th scope="col">{say('emergency.code')}</th>
        </tr>
      </thead>
      <tbody>
        {codes.map(({ serial, code }) => (
          <tr key={serial}>
            <th scope="row" className="number">
              {serial}
            </th>
            <td className="code-text">{code}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};
