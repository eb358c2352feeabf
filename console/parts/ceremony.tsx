import { type ReactNode, useEffect, useState } from 'react';
import type { CeremonyState, PersonSummary } from '#contract/api/people.ts';
import type { TerminalSummary } from '#contract/api/terminals.ts';
import { useAct } from '../data/use-act.ts';
import { useConsole } from '../data/use-console.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { CeremonyProgress } from './ceremony-progress.tsx';
import { Dialog } from './dialog.tsx';
import { Choice, Field } from './field.tsx';
import { Empty, LoadedView } from './loaded-view.tsx';
import { FailureNotice } from './notice.tsx';

export type Task = CeremonyState['task'];

interface CeremonyProps {
  readonly task: Task;
  /** Whom it concerns; undefined for a loan card. */
  readonly person: PersonSummary | undefined;
  readonly close: () => void;
  /** What usually follows it. */
  readonly next?: () => void;
}

const titles = { card: 'card.enrol-for', pin: 'pin.set-for', 'loan-card': 'loan-cards.enrol' } as const;
const leads = { card: 'card.enrol-lead', pin: 'pin.set-lead', 'loan-card': 'loan-cards.enrol-lead' } as const;

/** An enrolment step at a terminal: choose the terminal, then watch what happens there. */
export const Ceremony = ({ task, person, close, next }: CeremonyProps): ReactNode => {
  const { say } = useWords();
  const [begun, setBegun] = useState<{ readonly ceremony: CeremonyState; readonly terminal: TerminalSummary }>();
  const cancel = useAct('ceremonies/cancel');
  const [ended, setEnded] = useState(false);
  const leave = async (): Promise<void> => {
    if (begun !== undefined && !ended) await cancel.send({ params: { ceremony: begun.ceremony.id }, body: {} });
    close();
  };
  return (
    <Dialog title={say(titles[task], { name: person?.name })} close={() => void leave()}>
      {begun === undefined ? (
        <Begin
          task={task}
          person={person}
          close={close}
          begin={(ceremony, terminal) => setBegun({ ceremony, terminal })}
        />
      ) : (
        <CeremonyProgress
          key={begun.ceremony.id}
          first={begun.ceremony}
          terminal={begun.terminal.name}
          person={person}
          leave={() => void leave()}
          again={() => {
            setEnded(false);
            setBegun(undefined);
          }}
          onEnd={() => setEnded(true)}
          {...(next === undefined ? {} : { next })}
        />
      )}
    </Dialog>
  );
};

interface BeginProps {
  readonly task: Task;
  readonly person: PersonSummary | undefined;
  readonly close: () => void;
  readonly begin: (ceremony: CeremonyState, terminal: TerminalSummary) => void;
}

const Begin = ({ task, person, close, begin }: BeginProps): ReactNode => {
  const { say } = useWords();
  const listed = useData('terminals/list', {}, ['terminals']);
  return (
    <>
      <p>{say(leads[task])}</p>
      <LoadedView loaded={listed}>
        {({ terminals }) => {
          const online = terminals.filter((terminal) => terminal.state === 'active' && terminal.online);
          return online.length === 0 ? (
            <>
              <Empty icon="offline" title={say('ceremony.no-terminal')}>
                <p>{say('ceremony.no-terminal-hint')}</p>
              </Empty>
              <div className="dialog-actions">
                <Button onClick={close}>{say('common.close')}</Button>
              </div>
            </>
          ) : (
            <BeginForm task={task} person={person} close={close} begin={begin} online={online} />
          );
        }}
      </LoadedView>
    </>
  );
};

const lastTerminalKey = 'kazasu.terminal';

const BeginForm = ({
  task,
  person,
  close,
  begin,
  online,
}: BeginProps & { readonly online: readonly TerminalSummary[] }): ReactNode => {
  const { say } = useWords();
  const { signedIn } = useConsole();
  const act = useAct('ceremonies/begin');
  const [label, setLabel] = useState('');
  const here = signedIn.terminal ?? sessionStorage.getItem(lastTerminalKey);
  const [chosen, setChosen] = useState<string>(here ?? (online.length === 1 ? (online[0]?.id ?? '') : ''));
  const terminal = online.find((one) => one.id === chosen);
  useEffect(() => {
    if (terminal !== undefined) sessionStorage.setItem(lastTerminalKey, terminal.id);
  }, [terminal]);
  const start = async (): Promise<void> => {
    if (terminal === undefined) return;
    const whom = person === undefined ? {} : { person: person.id };
    const begun = await act.send({ body: { task, ...whom, terminal: terminal.id, label: label.trim() } });
    if (begun !== undefined) begin(begun.ceremony, terminal);
  };
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <Choice
        label={say('ceremony.terminal')}
        value={terminal?.id ?? ''}
        change={setChosen}
        hint={say('ceremony.terminal-hint')}
      >
        <option value="">{say('ceremony.choose')}</option>
        {online.map((one) => (
          <option key={one.id} value={one.id}>
            {say('ceremony.option', {
              name: one.name,
              place: one.place,
              here: one.id === signedIn.terminal ? say('ceremony.here') : '',
            })}
          </option>
        ))}
      </Choice>
      {task !== 'pin' && (
        <Field
          label={say('card.label')}
          value={label}
          change={setLabel}
          maxLength={40}
          required={task === 'loan-card'}
          hint={say(task === 'card' ? 'card.label-hint' : 'loan-cards.label-hint')}
        />
      )}
      <FailureNotice failure={act.failure} />
      <div className="dialog-actions">
        <Button onClick={close}>{say('common.cancel')}</Button>
        <Button look="primary" type="submit" busy={act.busy} disabled={terminal === undefined}>
          {say('ceremony.begin')}
        </Button>
      </div>
    </form>
  );
};
