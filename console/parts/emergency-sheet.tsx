import type { ReactNode } from 'react';
import type { EmergencyBatch } from '#contract/api/emergencies.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Moment } from './moment.tsx';
import { Pill } from './pill.tsx';

interface EmergencySheetProps {
  readonly batch: EmergencyBatch;
  readonly retire?: () => void;
}

const tones = { unused: 'good', used: 'warn', voided: 'calm' } as const;

/** One sheet of codes by their serial numbers. */
export const EmergencySheet = ({ batch, retire }: EmergencySheetProps): ReactNode => {
  const { say } = useWords();
  const { number, group, note, madeAt, madeBy, approvedBy, codes } = batch;
  const count = (state: EmergencyBatch['codes'][number]['state']): number =>
    codes.filter((code) => code.state === state).length;
  const [unused, used, voided] = [count('unused'), count('used'), count('voided')];
  return (
    <>
      <div className="section-head">
        <div>
          <h2>{say('emergency.sheet', { number })}</h2>
          <p className="line-more">
            {group === '' ? say('emergency.no-group') : group}
            {note !== '' && <> · {note}</>}
          </p>
          <p className="line-more">
            <Moment at={madeAt} /> · {say('common.made-by', { name: madeBy })}
            {approvedBy !== null && <> · {say('emergency.approved-by', { name: approvedBy })}</>}
          </p>
        </div>
        <span className="line-side">
          <Pill tone={unused === 0 ? 'calm' : 'good'}>{say('emergency.counts', { unused, used, voided })}</Pill>
          {retire !== undefined && unused > 0 && (
            <Button look="danger" onClick={retire} aria-label={say('emergency.void-of', { number })}>
              {say('emergency.void')}
            </Button>
          )}
        </span>
      </div>
      <details>
        <summary>{say('emergency.slips')}</summary>
        <ul className="lines">
          {codes.map(({ serial, state, at, by }) => (
            <li key={serial}>
              <span className="line-main number">{serial}</span>
              <span className="line-more">
                {at !== null && <Moment at={at} />}
                {by !== null && <> · {by}</>}
              </span>
              <span className="line-side">
                <Pill tone={tones[state]}>{say(`emergency.state.${state}`)}</Pill>
              </span>
            </li>
          ))}
        </ul>
      </details>
    </>
  );
};
