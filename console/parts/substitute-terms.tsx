import { type ReactNode, type SubmitEvent, useState } from 'react';
import type { Answer } from '#contract/api/index.ts';
import type { PersonPage } from '#contract/api/people.ts';
import type { LoanCard } from '#contract/api/substitutes.ts';
import type { SubstituteKind } from '#contract/cardless.ts';
import type { Policy } from '#contract/policy.ts';
import { briefly } from '../data/times.ts';
import type { Act } from '../data/use-act.ts';
import { useZone } from '../data/use-console.ts';
import { useWords, type Words } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Consequences } from './consequences.tsx';
import { Choice, Field } from './field.tsx';
import type { Checked } from './issue-substitute.tsx';
import { FailureNotice, Notice } from './notice.tsx';
import { Radios } from './radios.tsx';

interface SubstituteTermsProps {
  readonly page: PersonPage;
  readonly checked: Checked;
  readonly act: Act<'substitutes/issue'>;
  readonly rules: Policy['substitutes'];
  /** Loan cards that nobody has. */
  readonly stock: readonly LoanCard[];
  readonly back: () => void;
  readonly give: (given: Answer<'substitutes/issue'>) => void;
}

const usualHours = [1, 2, 4, 8, 12, 24, 48, 72, 168];

/** What somebody gets, until when and how often, and what that does. */
export const SubstituteTerms = ({ page, checked, act, rules, stock, back, give }: SubstituteTermsProps): ReactNode => {
  const words = useWords();
  const { say } = words;
  const [kind, setKind] = useState<SubstituteKind>(rules.kinds.includes('code') ? 'code' : 'loan-card');
  const [card, setCard] = useState<string>(stock[0]?.id ?? '');
  const [hours, setHours] = useState(String(rules.hours));
  const [uses, setUses] = useState(String(rules.uses));
  const chosen = stock.find(({ id }) => id === card) ?? stock[0];
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const terms = { ...checked, hours: Number(hours), uses: Number(uses) };
    const params = { person: page.person.id };
    const given =
      kind === 'code'
        ? await act.send({ params, body: { kind, ...terms } })
        : chosen && (await act.send({ params, body: { kind, card: chosen.id, ...terms } }));
    if (given !== undefined) give(given);
  };
  if (rules.kinds.length === 0) {
    return (
      <>
        <Notice look="warn">{say('substitute.none-allowed')}</Notice>
        <div className="dialog-actions">
          <Button onClick={back}>{say('common.back')}</Button>
        </div>
      </>
    );
  }
  return (
    <form className="form" onSubmit={(event) => void submit(event)}>
      <Radios
        legend={say('substitute.kind')}
        options={rules.kinds.toSorted().map((value) =>
          value === 'code'
            ? { value, label: say('substitute.kind.code'), hint: say('substitute.kind.code.why') }
            : {
                value,
                label: say('substitute.kind.loan-card'),
                hint:
                  stock.length === 0
                    ? say('substitute.kind.loan-card.none')
                    : say('substitute.kind.loan-card.why', { count: stock.length }),
                disabled: stock.length === 0,
              },
        )}
        value={kind}
        change={setKind}
        first
      />
      {kind === 'loan-card' && (
        <Choice label={say('substitute.card')} value={chosen?.id ?? ''} change={setCard}>
          {stock.map(({ id, label, ending }) => (
            <option key={id} value={id}>
              {label} {say('card.ending', { ending })}
            </option>
          ))}
        </Choice>
      )}
      <div className="side-by-side">
        <Until value={hours} change={setHours} most={rules.hours} />
        <Field
          label={say('substitute.uses')}
          type="number"
          min={1}
          max={rules.uses}
          required
          value={uses}
          change={setUses}
          hint={say('substitute.uses-hint', { most: rules.uses })}
        />
      </div>
      <Consequences lines={consequencesOf(page, checked, rules, words)} />
      <FailureNotice failure={act.failure} />
      <div className="dialog-actions">
        <Button onClick={back} disabled={act.busy}>
          {say('common.back')}
        </Button>
        <Button look="primary" type="submit" busy={act.busy} disabled={kind === 'loan-card' && chosen === undefined}>
          {say('substitute.submit')}
        </Button>
      </div>
    </form>
  );
};

interface UntilProps {
  readonly value: string;
  readonly change: (hours: string) => void;
  readonly most: number;
}

const Until = ({ value, change, most }: UntilProps): ReactNode => {
  const { say, language } = useWords();
  const zone = useZone();
  const [now] = useState(() => new Date());
  const until = (hours: number): string =>
    briefly(new Date(now.getTime() + hours * 3_600_000).toISOString(), language, now, zone);
  return (
    <Choice label={say('substitute.hours')} value={value} change={change}>
      {[...usualHours.filter((hours) => hours < most), most].map((hours) => (
        <option key={hours} value={hours}>
          {say('substitute.hours-option', { hours, until: until(hours) })}
        </option>
      ))}
    </Choice>
  );
};

const consequencesOf = (
  { cards, sessions, substitutes }: PersonPage,
  { cause }: Checked,
  { fewerRights }: Policy['substitutes'],
  { say }: Words,
): readonly string[] => {
  const separator = say('common.list-separator');
  const away = cards
    .filter(({ state }) => state === 'active' || (cause === 'lost' && state !== 'revoked'))
    .map(({ label, ending }) => `${label === '' ? say('card.unnamed') : label} ${say('card.ending', { ending })}`)
    .join(separator);
  const terminals = [...new Set(sessions.map(({ terminal }) => terminal))].join(separator);
  return [
    away === ''
      ? say('substitute.will.no-card')
      : say(cause === 'lost' ? 'substitute.will.revoked' : 'substitute.will.suspended', { cards: away }),
    terminals === '' ? say('revoke.no-session') : say('substitute.will.lock', { terminals }),
    ...(substitutes.some(({ endedAt }) => endedAt === null) ? [say('substitute.will.replace')] : []),
    say(fewerRights ? 'substitute.will.fewer' : 'substitute.will.same'),
    say('substitute.will.secret'),
  ];
};
