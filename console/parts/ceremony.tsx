import { type ReactNode, useState } from 'react';
import type { CeremonyState, IdentityProof, PersonSummary } from '#contract/api/people.ts';
import type { TerminalSummary } from '#contract/api/terminals.ts';
import type { PersonId } from '#contract/ids.ts';
import { useAct } from '../data/use-act.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { ApprovalAwaited } from './approval-awaited.tsx';
import { Button } from './button.tsx';
import { CeremonyProgress } from './ceremony-progress.tsx';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';
import { IdentityChoice } from './identity-choice.tsx';
import { Empty, LoadedView } from './loaded-view.tsx';
import { TerminalChoice, useTerminalChoice } from './terminal-choice.tsx';

export type Task = CeremonyState['task'];

interface CeremonyProps {
  readonly task: Task;
  /** Whom it concerns; undefined for a loan card, and where a card says who it is. */
  readonly person: PersonSummary | undefined;
  readonly close: () => void;
  /** What usually follows it, at the same terminal. */
  readonly next?: Task;
  /** Whose card it was. */
  readonly found?: (person: PersonId) => void;
}

/** What was asked of a terminal. */
export interface Begun {
  readonly ceremony: CeremonyState;
  readonly terminal: TerminalSummary;
  readonly identity: IdentityProof | undefined;
}

const titles = {
  card: 'card.enrol-for',
  pin: 'pin.set-for',
  'loan-card': 'loan-cards.enrol',
  find: 'find.title',
} as const;
const leads = {
  card: 'card.enrol-lead',
  pin: 'pin.set-lead',
  'loan-card': 'loan-cards.enrol-lead',
  find: 'find.lead',
} as const;

/** An enrolment step at a terminal: choose the terminal, then watch what happens there. */
export const Ceremony = ({ task: first, person, close, next, found }: CeremonyProps): ReactNode => {
  const { say } = useWords();
  const [task, setTask] = useState(first);
  const [begun, setBegun] = useState<Begun>();
  const follow = useAct('ceremonies/begin');
  const cancel = useAct('ceremonies/cancel');
  const [ended, setEnded] = useState(false);
  const leave = async (): Promise<void> => {
    if (begun !== undefined && !ended) await cancel.send({ params: { ceremony: begun.ceremony.id }, body: {} });
    close();
  };
  /** A further step where the one before was, without asking again. */
  const go = async (to: Task, { terminal, identity }: Begun): Promise<void> => {
    const whom = to === 'find' || person === undefined ? {} : { person: person.id };
    const proof = identity === undefined || to === 'find' ? {} : { identity };
    const answer = await follow.send({ body: { task: to, ...whom, terminal: terminal.id, ...proof } });
    if (answer === undefined) return;
    if (to !== 'find') setTask(to);
    setEnded(false);
    setBegun({ ceremony: answer.ceremony, terminal, identity });
  };
  const follows = (to: Task): (() => void) | undefined => begun && (() => void go(to, begun));
  return (
    <Dialog title={say(titles[task], { name: person?.name })} close={() => void leave()}>
      {begun === undefined ? (
        <Begin task={task} person={person} close={close} begin={setBegun} />
      ) : (
        <>
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
            next={next === undefined || next === task ? undefined : follows(next)}
            test={task === 'card' ? follows('find') : undefined}
            found={found}
          />
          <ApprovalAwaited failure={follow.failure} />
        </>
      )}
    </Dialog>
  );
};

interface BeginProps {
  readonly task: Task;
  readonly person: PersonSummary | undefined;
  readonly close: () => void;
  readonly begin: (begun: Begun) => void;
}

const Begin = ({ task, person, close, begin }: BeginProps): ReactNode => {
  const { say } = useWords();
  const listed = useData('terminals/list', { query: {} }, ['terminals']);
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

const BeginForm = ({
  task,
  person,
  close,
  begin,
  online,
}: BeginProps & { readonly online: readonly TerminalSummary[] }): ReactNode => {
  const { say } = useWords();
  const act = useAct('ceremonies/begin');
  const [label, setLabel] = useState('');
  const [identity, setIdentity] = useState<IdentityProof>();
  const { terminal, choose } = useTerminalChoice(online);
  const start = async (): Promise<void> => {
    if (terminal === undefined) return;
    const whom = person === undefined ? {} : { person: person.id };
    const proof = identity === undefined ? {} : { identity };
    const begun = await act.send({ body: { task, ...whom, terminal: terminal.id, label: label.trim(), ...proof } });
    if (begun !== undefined) begin({ ceremony: begun.ceremony, terminal, identity });
  };
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      {person !== undefined && <IdentityChoice value={identity} change={setIdentity} first />}
      <TerminalChoice online={online} terminal={terminal} choose={choose} />
      {(task === 'card' || task === 'loan-card') && (
        <Field
          label={say('card.label')}
          value={label}
          change={setLabel}
          maxLength={40}
          required={task === 'loan-card'}
          hint={say(task === 'card' ? 'card.label-hint' : 'loan-cards.label-hint')}
        />
      )}
      <ApprovalAwaited failure={act.failure} />
      <div className="dialog-actions">
        <Button onClick={close}>{say('common.cancel')}</Button>
        <Button
          look="primary"
          type="submit"
          busy={act.busy}
          disabled={terminal === undefined || (person !== undefined && identity === undefined)}
        >
          {say('ceremony.begin')}
        </Button>
      </div>
    </form>
  );
};
