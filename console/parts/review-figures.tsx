import type { ReactNode } from 'react';
import type { ReviewSnapshot } from '#contract/api/periodic-reviews.ts';
import type { EventKind } from '#contract/audit.ts';
import { useWords } from '../data/use-words.ts';

const countOf = ({ events }: ReviewSnapshot, ...kinds: readonly EventKind[]): number =>
  events.filter(({ kind }) => kinds.includes(kind)).reduce((sum, { count }) => sum + count, 0);

/** The period in a few figures. */
export const ReviewFigures = ({ snapshot }: { readonly snapshot: ReviewSnapshot }): ReactNode => {
  const { say, language } = useWords();
  const { alarms, emergencies, fourEyes, policies, refusals, accounts } = snapshot;
  const unsigned = emergencies.items.filter(({ signedOff }) => signedOff === null).length;
  const figures = [
    ['opened', countOf(snapshot, 'session.began', 'offline.opened'), false],
    ['signed-in', countOf(snapshot, 'console.signed-in'), false],
    ['refused', refusals.reduce((sum, { count }) => sum + count, 0), false],
    ['alarms', alarms.total, alarms.total > 0],
    ['emergencies', emergencies.total, unsigned > 0],
    ['four-eyes', fourEyes.total, false],
    ['policies', policies.total, false],
    ['unused', accounts.unused.total, accounts.unused.total > 0],
    ['left-with-card', accounts.leftWithCard.total, accounts.leftWithCard.total > 0],
    ['no-factor', accounts.noFactor.total, accounts.noFactor.total > 0],
  ] as const;
  return (
    <dl className="review-figures">
      {figures.map(([name, count, isToLookAt]) => (
        <div key={name} className={isToLookAt ? 'figure look' : 'figure'}>
          <dt>{say(`periodic.figure.${name}`)}</dt>
          <dd>{count.toLocaleString(language)}</dd>
        </div>
      ))}
    </dl>
  );
};
