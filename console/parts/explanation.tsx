import type { ReactNode } from 'react';
import type { Answer } from '#contract/api/index.ts';
import { sentence } from '../data/sentence.ts';
import { useWords } from '../data/use-words.ts';
import { Cause } from './cause.tsx';
import { Facts } from './facts.tsx';
import { Moment } from './moment.tsx';

/** Why somebody was refused, and what helpdesk does about it. */
export const Explanation = ({ explained }: { readonly explained: Answer<'refusals/explain'> }): ReactNode => {
  const words = useWords();
  const { say, tryNamed } = words;
  const { event, cause } = explained;
  const facts: (readonly [string, ReactNode])[] = [
    [say('why.what'), sentence(event, words)],
    [say('why.at'), <Moment key="at" at={event.at} />],
  ];
  if (event.terminalName != null) facts.push([say('why.where'), event.terminalName]);
  if (cause !== null) facts.push([say('why.because'), <Cause key="cause" event={cause} />]);
  facts.push([say('why.next'), tryNamed('why.next', event.reason ?? '') ?? say('why.next-other')]);
  return (
    <section className="surface why" aria-labelledby="why">
      <div className="section-head">
        <h2 id="why">{say('why.title')}</h2>
        <span className="muted">{say('why.code', { code: event.supportCode ?? '' })}</span>
      </div>
      <Facts facts={facts} />
    </section>
  );
};
