import { type ReactNode, type SubmitEvent, useState } from 'react';
import type { Answer } from '#contract/api/index.ts';
import { useAct } from '../data/use-act.ts';
import { useDraft } from '../data/use-draft.ts';
import { useWords } from '../data/use-words.ts';
import { ApprovalAwaited } from './approval-awaited.tsx';
import { Button } from './button.tsx';
import { Consequences } from './consequences.tsx';
import { Dialog } from './dialog.tsx';
import { EmergencyCodesMade } from './emergency-codes-made.tsx';
import { Choice, Field } from './field.tsx';

interface MakeEmergencyCodesProps {
  readonly groups: readonly string[];
  readonly close: () => void;
}

/** Makes a sheet of codes, where policy wants it after a second person has agreed. */
export const MakeEmergencyCodes = ({ groups, close }: MakeEmergencyCodesProps): ReactNode => {
  const { say } = useWords();
  const act = useAct('emergency-codes/make');
  const [draft, change, forget] = useDraft('emergency-codes', { group: '', count: '10', note: '' });
  const [made, setMade] = useState<Answer<'emergency-codes/make'>>();
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const done = await act.send({ body: { ...draft, count: Number(draft.count), note: draft.note.trim() } });
    if (done === undefined) return;
    forget();
    setMade(done);
  };
  if (made !== undefined) return <EmergencyCodesMade made={made} close={close} />;
  return (
    <Dialog title={say('emergency.make')} close={close} mayClose={!act.busy}>
      <form className="form" onSubmit={(event) => void submit(event)}>
        <Choice label={say('emergency.group')} value={draft.group} change={(group) => change({ ...draft, group })}>
          {[...new Set(['', ...groups, draft.group])].map((group) => (
            <option key={group} value={group}>
              {group === '' ? say('emergency.no-group') : group}
            </option>
          ))}
        </Choice>
        <Field
          label={say('emergency.count')}
          type="number"
          min={1}
          max={50}
          required
          value={draft.count}
          change={(count) => change({ ...draft, count })}
          hint={say('emergency.count-hint')}
        />
        <Field
          label={say('emergency.note')}
          value={draft.note}
          change={(note) => change({ ...draft, note })}
          maxLength={80}
          hint={say('emergency.note-hint')}
        />
        <Consequences lines={[say('emergency.will.open'), say('emergency.will.alarm'), say('emergency.will.once')]} />
        <ApprovalAwaited failure={act.failure} />
        <div className="dialog-actions">
          <Button onClick={close}>{say('common.cancel')}</Button>
          <Button look="primary" type="submit" busy={act.busy}>
            {say('emergency.make')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
};
