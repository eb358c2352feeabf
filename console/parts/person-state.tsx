import type { ReactNode } from 'react';
import type { PersonSummary } from '#contract/api/people.ts';
import { useWords } from '../data/use-words.ts';
import { Pill } from './pill.tsx';

export const PersonState = ({ state }: { readonly state: PersonSummary['state'] }): ReactNode => {
  const { say } = useWords();
  return <Pill tone={state === 'active' ? 'good' : 'bad'}>{say(`person.state.${state}`)}</Pill>;
};
