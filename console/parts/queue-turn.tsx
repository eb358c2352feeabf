import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react';
import type { CeremonyState, IdentityProof, PersonSummary } from '#contract/api/people.ts';
import type { TerminalSummary } from '#contract/api/terminals.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import type { WordKey } from '../words.ts';
import { ApprovalAwaited } from './approval-awaited.tsx';
import { Button } from './button.tsx';
import { CeremonyProgress } from './ceremony-progress.tsx';
import { proofs } from './identity-choice.tsx';
import { Notice } from './notice.tsx';
import { Steps } from './steps.tsx';

type Task = 'card' | 'find' | 'pin';

/** What somebody has when their turn is over. */
export interface TurnDone {
  readonly person: PersonSummary;
  readonly ending: string | undefined;
  readonly isTested: boolean;
  readonly hasPin: boolean;
}

interface QueueTurnProps {
  readonly person: PersonSummary;
  /** They got a card elsewhere meanwhile. */
  readonly isGone: boolean;
  readonly terminal: TerminalSummary | undefined;
  readonly label: string;
  readonly withPin: boolean;
  readonly done: (turn: TurnDone) => void;
  readonly goOn: () => void;
  readonly skip: (() => void) | undefined;
  readonly stop: () => void;
}

interface Step {
  readonly task: Task;
  readonly ceremony: CeremonyState;
  readonly terminal: TerminalSummary;
  readonly identity: IdentityProof;
}

const lastProofKey = 'kazasu.identity';

/** One person of a queue: who it is, the card, the card once more, a PIN where that is wanted; then the next one. */
export const QueueTurn = (props: QueueTurnProps): ReactNode => {
  const { person, isGone, terminal, label, withPin, done, goOn, skip, stop } = props;
  const { say } = useWords();
  const begin = useAct('ceremonies/begin');
  const cancel = useAct('ceremonies/cancel');
  const [step, setStep] = useState<Step>();
  /** The step that could not be begun after the one before. */
  const [stuck, setStuck] = useState<Task>();
  const got = useRef({ ending: undefined as string | undefined, isTested: false, hasPin: false });
  const ended = useRef<string>(undefined);
  const heading = useRef<HTMLHeadingElement>(null);
  const hasCard = step !== undefined && step.task !== 'card';

  const go = async (task: Task, at: TerminalSummary, identity: IdentityProof): Promise<void> => {
    setStuck(undefined);
    const whom = task === 'find' ? {} : { person: person.id, identity };
    const answer = await begin.send({ body: { task, ...whom, terminal: at.id, label: task === 'card' ? label : '' } });
    if (answer === undefined) return setStuck(task);
    setStep({ task, ceremony: answer.ceremony, terminal: at, identity });
    heading.current?.focus({ preventScroll: true });
  };
  const finish = (): void => done({ person, ...got.current });
  const onEnd = (ceremony: CeremonyState): void => {
    if (step === undefined || ended.current === ceremony.id) return;
    ended.current = ceremony.id;
    const { task, terminal: at, identity } = step;
    if (ceremony.state !== 'done') return;
    if (task === 'card') {
      got.current.ending = ceremony.card?.ending;
      return void go('find', at, identity);
    }
    if (task === 'find' && ceremony.holder !== person.id) return;
    if (task === 'find') got.current.isTested = true;
    else got.current.hasPin = true;
    if (task === 'find' && withPin) void go('pin', at, identity);
    else finish();
  };
  const latest = useRef(onEnd);
  latest.current = onEnd;
  const heardEnd = useCallback((ceremony: CeremonyState) => latest.current(ceremony), []);
  /** Whatever the terminal waits for, it waits no more. */
  const takeBack = async (): Promise<void> => {
    if (step !== undefined && ended.current !== step.ceremony.id) {
      ended.current = step.ceremony.id;
      await cancel.send({ params: { ceremony: step.ceremony.id }, body: {} });
    }
  };
  const leave = async (): Promise<void> => {
    await takeBack();
    if (!hasCard) return setStep(undefined);
    // Without a test there may still be a PIN to choose.
    if (step.task === 'find' && withPin) await go('pin', step.terminal, step.identity);
    else finish();
  };
  const away = async (to: () => void): Promise<void> => {
    await takeBack();
    to();
  };
  const steps: readonly WordKey[] = [
    'queue.step.who',
    'card.step.hold',
    'queue.step.again',
    ...(withPin ? (['pin.step.choose'] as const) : []),
  ];
  const at = step === undefined ? 0 : { card: 1, find: 2, pin: 3 }[step.task];
  return (
    <section className="surface queue-turn" aria-labelledby="turn">
      <div className="queue-person">
        <p className="queue-now">{say('queue.now')}</p>
        <h2 id="turn" tabIndex={-1} ref={heading}>
          {person.name}
        </h2>
        <p>
          {[person.kana, say('person.number-is', { number: person.number })].filter((part) => part !== '').join(' · ')}
        </p>
      </div>
      <Steps steps={steps.map((one) => say(one))} at={at} />
      {step === undefined ? (
        isGone ? (
          <Gone name={person.name} goOn={goOn} />
        ) : (
          <Identity
            disabled={terminal === undefined}
            busy={begin.busy}
            choose={(identity) => terminal !== undefined && void go('card', terminal, identity)}
          />
        )
      ) : (
        <CeremonyProgress
          key={step.ceremony.id}
          first={step.ceremony}
          terminal={step.terminal.name}
          person={person}
          leave={() => void leave()}
          again={() => (step.task === 'card' ? setStep(undefined) : void go(step.task, step.terminal, step.identity))}
          onEnd={heardEnd}
          next={undefined}
          test={() => void go('find', step.terminal, step.identity)}
          within={{ leave: say(`queue.without.${step.task}`) }}
        />
      )}
      {stuck !== undefined && begin.failure !== undefined && (
        <div className="queue-stuck">
          <ApprovalAwaited failure={begin.failure} />
          {step !== undefined && stuck !== 'card' && (
            <div className="dialog-actions">
              <Button onClick={() => void leave()}>{say(`queue.without.${stuck}`)}</Button>
              <Button
                look="primary"
                busy={begin.busy}
                onClick={() => void go(stuck, terminal ?? step.terminal, step.identity)}
              >
                {say('common.try-again')}
              </Button>
            </div>
          )}
        </div>
      )}
      <div className="queue-ways">
        {!hasCard && !isGone && (
          <Button disabled={skip === undefined} onClick={() => skip !== undefined && void away(skip)}>
            {say('queue.skip')}
          </Button>
        )}
        <Button look="quiet" onClick={() => void away(stop)}>
          {say('queue.stop')}
        </Button>
      </div>
    </section>
  );
};

interface IdentityProps {
  readonly disabled: boolean;
  readonly busy: boolean;
  readonly choose: (identity: IdentityProof) => void;
}

/** How it was checked who stands there. One press says it and has the terminal wait for the card. */
const Identity = ({ disabled, busy, choose }: IdentityProps): ReactNode => {
  const { say } = useWords();
  const box = useRef<HTMLFieldSetElement>(null);
  const [last] = useState(() => sessionStorage.getItem(lastProofKey));
  // What had the focus went with the turn before: Enter goes on as it was done then.
  useEffect(() => {
    if (disabled || document.activeElement !== document.body) return;
    const buttons = box.current?.querySelectorAll('button') ?? [];
    (buttons[proofs.findIndex((proof) => last === `${proof}`)] ?? buttons[0])?.focus({ preventScroll: true });
  }, [disabled, last]);
  return (
    <fieldset className="queue-identity" ref={box}>
      <legend>{say('identity.legend')}</legend>
      <p className="hint">{say(disabled ? 'queue.no-terminal-chosen' : 'queue.identity-hint')}</p>
      <div className="queue-proofs">
        {proofs.map((proof) => (
          <Button
            key={proof}
            icon="check"
            disabled={disabled || busy}
            onClick={() => {
              sessionStorage.setItem(lastProofKey, proof);
              choose(proof);
            }}
          >
            {say(`identity.${proof}`)}
          </Button>
        ))}
      </div>
    </fieldset>
  );
};

const Gone = ({ name, goOn }: { readonly name: string; readonly goOn: () => void }): ReactNode => {
  const { say } = useWords();
  return (
    <div className="queue-gone" role="status">
      <Notice look="info">
        <p>{say('queue.gone', { name })}</p>
      </Notice>
      <div className="dialog-actions">
        <Button look="primary" onClick={goOn} autoFocus>
          {say('queue.next')}
        </Button>
      </div>
    </div>
  );
};
