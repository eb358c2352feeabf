import { type ReactNode, useEffect } from 'react';
import type { CeremonyState, PersonSummary } from '#contract/api/people.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { hasWords } from '../words.ts';
import { Button } from './button.tsx';
import { Icon } from './icon.tsx';
import { Notice } from './notice.tsx';
import { SecondsLeft } from './seconds-left.tsx';

interface CeremonyProgressProps {
  readonly first: CeremonyState;
  readonly terminal: string;
  readonly person: PersonSummary;
  readonly leave: () => void;
  readonly again: () => void;
  readonly onEnd: () => void;
  readonly next?: () => void;
}

const isOver = (state: CeremonyState['state']): boolean => state !== 'waiting' && state !== 'card-held';

/** What happens at the terminal at this moment, step by step. */
export const CeremonyProgress = ({
  first,
  terminal,
  person,
  leave,
  again,
  onEnd,
  next,
}: CeremonyProgressProps): ReactNode => {
  const { say } = useWords();
  const { data } = useData('ceremonies/show', { params: { ceremony: first.id } }, ['ceremonies']);
  const ceremony = data.kind === 'ready' ? data.value.ceremony : first;
  const gone = data.kind === 'failed' && data.failure.code === 'CEREMONY_ENDED';
  const over = gone || isOver(ceremony.state);
  useEffect(() => {
    if (over) onEnd();
  }, [over, onEnd]);
  const steps =
    ceremony.task === 'card'
      ? (['card.step.hold', 'card.step.done'] as const)
      : (['pin.step.hold', 'pin.step.choose', 'pin.step.done'] as const);
  const at =
    ceremony.state === 'waiting'
      ? 0
      : ceremony.state === 'card-held'
        ? 1
        : ceremony.state === 'done'
          ? steps.length
          : 0;
  return (
    <div className="ceremony">
      <ol className="steps">
        {steps.map((step, index) => (
          <li
            key={step}
            className={index < at ? 'past' : index === at && !over ? 'now' : 'later'}
            aria-current={index === at && !over ? 'step' : undefined}
          >
            <span className="step-mark">{index < at ? <Icon name="check" /> : index + 1}</span>
            {say(step)}
          </li>
        ))}
      </ol>
      <div className="stage" role="status">
        <Stage ceremony={ceremony} gone={gone} terminal={terminal} person={person} />
      </div>
      {!over && <SecondsLeft until={ceremony.expiresAt} />}
      <div className="dialog-actions">
        {!over && <Button onClick={leave}>{say('ceremony.cancel')}</Button>}
        {over && ceremony.state !== 'done' && <Button onClick={leave}>{say('common.close')}</Button>}
        {over && ceremony.state !== 'done' && (
          <Button look="primary" onClick={again} autoFocus>
            {say('ceremony.again')}
          </Button>
        )}
        {ceremony.state === 'done' && <Button onClick={leave}>{say('common.done')}</Button>}
        {ceremony.state === 'done' && next !== undefined && (
          <Button look="primary" icon="keypad" onClick={next} autoFocus>
            {say('card.then-pin')}
          </Button>
        )}
      </div>
    </div>
  );
};

const Stage = ({
  ceremony,
  gone,
  terminal,
  person,
}: {
  readonly ceremony: CeremonyState;
  readonly gone: boolean;
  readonly terminal: string;
  readonly person: PersonSummary;
}): ReactNode => {
  const { say } = useWords();
  const { task, state, card, problem } = ceremony;
  if (gone) return <Notice look="warn">{say('ceremony.expired')}</Notice>;
  switch (state) {
    case 'waiting':
      return (
        <div className="hold">
          <span className="hold-picture">
            <Icon name="tap" />
          </span>
          <p className="hold-words">
            {say(task === 'card' ? 'card.hold' : 'pin.hold', { terminal, name: person.name })}
          </p>
        </div>
      );
    case 'card-held':
      return (
        <div className="hold">
          <span className="hold-picture">
            <Icon name={task === 'card' ? 'card' : 'keypad'} />
          </span>
          <p className="hold-words">
            {say(task === 'card' ? 'card.held' : 'pin.choosing', { terminal, name: person.name })}
          </p>
          {task === 'pin' && <p className="hint">{say('pin.nobody-looks')}</p>}
        </div>
      );
    case 'done':
      return (
        <Notice look="good">
          <p className="big">
            {task === 'card'
              ? say('card.done', { ending: card?.ending, name: person.name })
              : say('pin.done', { name: person.name })}
          </p>
        </Notice>
      );
    case 'failed': {
      const own: string = `ceremony.problem.${problem ?? ''}`;
      const general: string = `failure.${problem ?? ''}`;
      const key = hasWords(own) ? own : hasWords(general) ? general : 'ceremony.failed';
      return (
        <Notice look="bad">
          <p className="big">{say(key)}</p>
        </Notice>
      );
    }
    case 'cancelled':
    case 'expired':
      return <Notice look="warn">{say(`ceremony.${state}`)}</Notice>;
  }
};
