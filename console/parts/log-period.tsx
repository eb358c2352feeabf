import { type ReactNode, type SubmitEvent, useEffect, useState } from 'react';
import { type LogPeriod, logPeriods } from '#contract/api/log-periods.ts';
import type { LogFilter } from '../data/place.ts';
import { exactly } from '../data/times.ts';
import { useZone } from '../data/use-console.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Choice, Field } from './field.tsx';

interface LogPeriodProps {
  readonly filter: LogFilter;
  readonly go: (filter: LogFilter) => void;
}

/** The field of a browser wants a minute; a day begins and ends with one. */
const minuteOf = (given: string | undefined, ofDay: string): string =>
  given === undefined ? '' : given.length === 10 ? `${given}T${ofDay}` : given;

/** Which time of the log is shown: a named one that moves with the days, or one of one's own. */
export const LogPeriodChoice = ({ filter, go }: LogPeriodProps): ReactNode => {
  const { say } = useWords();
  const zone = useZone();
  const { period, from, to, ...others } = filter;
  const isOwn = from !== undefined || to !== undefined;
  const choose = (value: string): void => {
    if (value === '') return go(others);
    // Something to begin with: today from its first minute on.
    if (value === 'own')
      return go({ ...others, from: `${exactly(new Date().toISOString(), zone).slice(0, 10)}T00:00` });
    go({ ...others, period: value as LogPeriod });
  };
  return (
    <div className="log-period">
      <Choice label={say('log.period')} value={isOwn ? 'own' : (period ?? '')} change={choose}>
        <option value="">{say('log.period.all')}</option>
        {logPeriods.map((one) => (
          <option key={one} value={one}>
            {say(`log.period.${one}`)}
          </option>
        ))}
        <option value="own">{say('log.period.own')}</option>
      </Choice>
      {isOwn && (
        <OwnPeriod
          from={minuteOf(from, '00:00')}
          to={minuteOf(to, '23:59')}
          apply={(own) => go({ ...others, ...own })}
        />
      )}
    </div>
  );
};

interface OwnPeriodProps {
  readonly from: string;
  readonly to: string;
  readonly apply: (own: { readonly from?: string; readonly to?: string }) => void;
}

const OwnPeriod = ({ from, to, apply }: OwnPeriodProps): ReactNode => {
  const { say } = useWords();
  const [begins, setBegins] = useState(from);
  const [ends, setEnds] = useState(to);
  useEffect(() => setBegins(from), [from]);
  useEffect(() => setEnds(to), [to]);
  const turned = begins !== '' && ends !== '' && ends < begins;
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (!turned) apply({ ...(begins === '' ? {} : { from: begins }), ...(ends === '' ? {} : { to: ends }) });
  };
  // Years that no log has would be refused by the server.
  const limits = { type: 'datetime-local', min: '1900-01-01T00:00', max: '2199-12-31T23:59' } as const;
  return (
    <form className="own-period" onSubmit={submit}>
      <Field label={say('log.from')} value={begins} change={setBegins} {...limits} />
      <Field
        label={say('log.to')}
        value={ends}
        change={setEnds}
        {...limits}
        error={turned ? say('log.period-turned') : undefined}
      />
      <Button type="submit">{say('log.apply-period')}</Button>
    </form>
  );
};
