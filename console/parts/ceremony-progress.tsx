import { type ReactNode, useEffect } from 'react';
import type { CeremonyState, PersonSummary } from '#contract/api/people.ts';
import type { PersonId } from '#contract/ids.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Icon, type IconName } from './icon.tsx';
import { Notice } from './notice.tsx';
import { SecondsLeft } from './seconds-left.tsx';
import { Steps } from './steps.tsx';

interface CeremonyProgressProps {
  readonly first: CeremonyState;
  readonly terminal: string;
  readonly person: PersonSummary | undefined;
  readonly leave: () => void;
  readonly again: () => void;
  readonly onEnd: (ceremony: CeremonyState) => void;
  readonly next: (() => void) | undefined;
  /** Has a card that was just enrolled held once more. */
  readonly test: (() => void) | undefined;
  readonly found?: ((person: PersonId) => void) | undefined;
  /** It is one step of something that shows its own steps and goes on by itself once this is done; the words for leaving it. */
  readonly within?: { readonly leave: string };
}

const stepsOf = {
  card: ['card.step.hold', 'card.step.done'],
  'loan-card': ['card.step.hold', 'card.step.done'],
  pin: ['pin.step.hold', 'pin.step.choose', 'pin.step.done'],
  find: ['find.step.hold', 'find.done'],
} as const;

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
  test,
  found,
  within,
}: CeremonyProgressProps): ReactNode => {
  const { say } = useWords();
  const { data } = useData('ceremonies/show', { params: { ceremony: first.id } }, ['ceremonies']);
  const ceremony = data.kind === 'ready' ? data.value.ceremony : first;
  const gone = data.kind === 'failed' && data.failure.code === 'CEREMONY_ENDED';
  const over = gone || isOver(ceremony.state);
  useEffect(() => {
    if (over) onEnd(ceremony);
  }, [over, onEnd, ceremony]);
  const { holder } = ceremony;
  useEffect(() => {
    if (holder !== null) found?.(holder);
  }, [holder, found]);
  const steps = stepsOf[ceremony.task];
  const isTest = ceremony.task === 'find' && person !== undefined;
  const isOther = isTest && ceremony.state === 'done' && holder !== person.id;
  const isDone = ceremony.state === 'done' && !isOther;
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
      {within === undefined && <Steps steps={steps.map((step) => say(step))} at={at} over={over} />}
      <div className="stage" role="status">
        <Stage ceremony={ceremony} gone={gone} terminal={terminal} person={person} />
      </div>
      {!over && <SecondsLeft until={ceremony.expiresAt} />}
      <div className="dialog-actions">
        {!over && <Button onClick={leave}>{within?.leave ?? say('ceremony.cancel')}</Button>}
        {over && !isDone && <Button onClick={leave}>{within?.leave ?? say('common.close')}</Button>}
        {over && !isDone && (
          <Button look="primary" onClick={isTest ? test : again} autoFocus>
            {say('ceremony.again')}
          </Button>
        )}
        {isDone && within === undefined && <Button onClick={leave}>{say('common.done')}</Button>}
        {isDone && within === undefined && ceremony.task === 'card' && test !== undefined && (
          <Button icon="tap" onClick={test}>
            {say('card.test')}
          </Button>
        )}
        {isDone && next !== undefined && (
          <Button look="primary" icon="keypad" onClick={next} autoFocus>
            {say('card.then-pin')}
          </Button>
        )}
      </div>
    </div>
  );
};

interface StageProps {
  readonly ceremony: CeremonyState;
  readonly gone: boolean;
  readonly terminal: string;
  readonly person: PersonSummary | undefined;
}

const holds = { card: 'card.hold', pin: 'pin.hold', 'loan-card': 'loan-cards.hold', find: 'find.hold' } as const;
const dones = { card: 'card.done', pin: 'pin.done', 'loan-card': 'loan-cards.done', find: 'find.done' } as const;

const Stage = ({ ceremony, gone, terminal, person }: StageProps): ReactNode => {
  const { say } = useWords();
  const { task, state, card, problem } = ceremony;
  const name = person?.name;
  const isTest = task === 'find' && person !== undefined;
  if (gone) return <Notice look="warn">{say('ceremony.expired')}</Notice>;
  switch (state) {
    case 'waiting':
      return (
        <>
          {problem !== null && <Problem code={problem} />}
          <Hold icon="tap" words={say(isTest ? 'card.test-hold' : holds[task], { terminal, name })} />
        </>
      );
    case 'card-held':
      return task === 'pin' ? (
        <Hold icon="keypad" words={say('pin.choosing', { terminal, name })} hint={say('pin.nobody-looks')} />
      ) : (
        <Hold icon="card" words={say('card.held')} />
      );
    case 'done':
      if (isTest) {
        const isOwn = ceremony.holder === person.id;
        return (
          <Notice look={isOwn ? 'good' : 'bad'}>
            <p className="big">{say(isOwn ? 'card.test-good' : 'card.test-other', { name })}</p>
          </Notice>
        );
      }
      return (
        <Notice look="good">
          <p className="big">{say(dones[task], { ending: card?.ending, name })}</p>
        </Notice>
      );
    case 'failed':
      return <Problem code={problem ?? ''} />;
    case 'cancelled':
    case 'expired':
      return <Notice look="warn">{say(`ceremony.${state}`)}</Notice>;
  }
};

const Hold = ({
  icon,
  words,
  hint,
}: {
  readonly icon: IconName;
  readonly words: string;
  readonly hint?: string;
}): ReactNode => (
  <div className="hold">
    <span className="hold-picture">
      <Icon name={icon} />
    </span>
    <p className="hold-words">{words}</p>
    {hint !== undefined && <p className="hint">{hint}</p>}
  </div>
);

/** The server may let the person try again with another card: then it says what was wrong and waits on. */
const Problem = ({ code }: { readonly code: string }): ReactNode => {
  const { say, tryNamed } = useWords();
  return (
    <Notice look="bad">
      <p className="big">{tryNamed('ceremony.problem', code) ?? tryNamed('failure', code) ?? say('ceremony.failed')}</p>
    </Notice>
  );
};
