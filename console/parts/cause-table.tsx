import type { ReactNode } from 'react';
import type { Cause } from '#contract/api/overview.ts';
import { count } from '../data/numbers.ts';
import { useWords, type Words } from '../data/use-words.ts';
import { ScrollTable } from './scroll-table.tsx';
import { ShareBar } from './share-bar.tsx';

/** What went wrong, in words: the kind of it, and why. */
export const causeName = ({ kind, reason }: Pick<Cause, 'kind' | 'reason'>, { say, tryNamed }: Words): string => {
  const failure = tryNamed('failure', reason)?.split(/[。.]/)[0];
  const why = tryNamed(`reason.${kind}`, reason) ?? tryNamed('reason', reason) ?? failure ?? reason;
  return reason === '' ? say(`kind.${kind}`) : say('overview.cause', { kind: say(`kind.${kind}`), why });
};

interface CauseTableProps {
  readonly causes: readonly Cause[];
  readonly beforeName: string;
  readonly caption: string;
}

/** The most frequent first; each with a bar, so that the shape is seen at once. */
export const CauseTable = ({ causes, beforeName, caption }: CauseTableProps): ReactNode => {
  const words = useWords();
  const { say, language } = words;
  const most = Math.max(0, ...causes.map((cause) => cause.count));
  return (
    <ScrollTable label={caption}>
      <table className="causes">
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{say('overview.why')}</th>
            <th scope="col" className="number-head">
              {say('overview.count')}
            </th>
            <th scope="col" className="number-head">
              {beforeName}
            </th>
          </tr>
        </thead>
        <tbody>
          {causes.map((cause) => (
            <tr key={`${cause.kind} ${cause.reason}`}>
              <th scope="row">
                {causeName(cause, words)}
                <ShareBar value={cause.count} most={most} bad={cause.kind === 'credential.locked'} />
              </th>
              <td className="number">{count(cause.count, language)}</td>
              <td className="number muted">{count(cause.before, language)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollTable>
  );
};
