import { type ReactNode, type SubmitEvent, useState } from 'react';
import type { EmergencyBatch } from '#contract/api/emergencies.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Consequences } from './consequences.tsx';
import { Dialog } from './dialog.tsx';
import { Done } from './done.tsx';
import { Field } from './field.tsx';
import { FailureNotice } from './notice.tsx';
import { Radios } from './radios.tsx';

interface VoidEmergencyCodesProps {
  readonly batch: EmergencyBatch;
  readonly close: () => void;
}

/** Retires codes that nobody has used: all of a sheet, or those of an envelope that is missing. */
export const VoidEmergencyCodes = ({ batch, close }: VoidEmergencyCodesProps): ReactNode => {
  const { say } = useWords();
  const act = useAct('emergency-codes/void');
  const [which, setWhich] = useState<'all' | 'some'>('all');
  const [picked, setPicked] = useState<readonly string[]>([]);
  const [reason, setReason] = useState('');
  const [voided, setVoided] = useState<number>();
  // The page behind hears of it and has other codes then: those of the beginning stay on offer.
  const [unused] = useState(() => batch.codes.filter(({ state }) => state === 'unused').map(({ serial }) => serial));
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const serials = which === 'all' ? {} : { serials: [...picked] };
    setVoided((await act.send({ params: { batch: batch.id }, body: { ...serials, reason } }))?.voided);
  };
  const toggle = (serial: string): void =>
    setPicked(picked.includes(serial) ? picked.filter((one) => one !== serial) : [...picked, serial]);
  return (
    <Dialog title={say('emergency.void-of', { number: batch.number })} close={close} mayClose={!act.busy}>
      {voided !== undefined ? (
        <Done close={close}>{say('emergency.voided', { count: voided })}</Done>
      ) : (
        <form className="form" onSubmit={(event) => void submit(event)}>
          <Consequences lines={[say('emergency.will.void'), say('emergency.will.void-ever')]} />
          <Radios
            legend={say('emergency.void-which')}
            options={[
              { value: 'all', label: say('emergency.void-all', { count: unused.length }) },
              { value: 'some', label: say('emergency.void-some') },
            ]}
            value={which}
            change={setWhich}
          />
          {which === 'some' && (
            <fieldset className="checks">
              <legend>{say('emergency.serial')}</legend>
              {unused.map((serial) => (
                <label key={serial} className="check number">
                  <input type="checkbox" checked={picked.includes(serial)} onChange={() => toggle(serial)} />
                  <span>{serial}</span>
                </label>
              ))}
            </fieldset>
          )}
          <Field label={say('revoke.reason')} value={reason} change={setReason} maxLength={80} required />
          <FailureNotice failure={act.failure} />
          <div className="dialog-actions">
            <Button onClick={close}>{say('common.cancel')}</Button>
            <Button
              look="danger"
              type="submit"
              busy={act.busy}
              disabled={reason.trim() === '' || (which === 'some' && picked.length === 0)}
            >
              {say('emergency.void')}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
};
