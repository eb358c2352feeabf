import type { ReactNode } from 'react';
import type { Review } from '#contract/api/emergencies.ts';
import { useWords } from '../data/use-words.ts';
import { Facts } from './facts.tsx';
import { Moment } from './moment.tsx';

/** What happened, as far as it is known without asking anybody. */
export const ReviewFacts = ({ review }: { readonly review: Review }): ReactNode => {
  const { say } = useWords();
  const { person, witness, serial, terminal, reason, at, endedAt, supportCode } = review;
  const facts: readonly (readonly [string, ReactNode])[] = [
    [
      say('reviews.how'),
      witness === null
        ? say('reviews.means.code', { serial: serial ?? '' })
        : say('reviews.means.witness', { name: witness.name }),
    ],
    [say('reviews.reason'), say(`reason.${reason}`)],
    [say('reviews.number'), person.number],
    [say('terminals.place'), terminal.place === '' ? '–' : terminal.place],
    [say('reviews.begun'), <Moment key="at" at={at} />],
    [say('reviews.ended'), endedAt === null ? say('reviews.still-open') : <Moment key="ended" at={endedAt} />],
    [say('reviews.code'), supportCode],
  ];
  return <Facts facts={facts} />;
};
