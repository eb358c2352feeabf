import type { ReactNode } from 'react';
import type { SubstituteSummary } from '#contract/api/people.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Icon } from './icon.tsx';
import { Moment } from './moment.tsx';
import { Pill } from './pill.tsx';

interface SubstituteListProps {
  readonly substitutes: readonly SubstituteSummary[];
  readonly end?: (substitute: SubstituteSummary) => void;
}

/** What stands for a card now; what did so before is folded away. */
export const SubstituteList = ({ substitutes, end }: SubstituteListProps): ReactNode => {
  const { say } = useWords();
  const [now, before] = [true, false].map((is) => substitutes.filter(({ endedAt }) => (endedAt === null) === is));
  return (
    <>
      {now?.length === 0 && <p className="quiet-line">{say('substitute.none')}</p>}
      <ul className="lines">
        {now?.map((one) => (
          <Line key={one.id} substitute={one} {...(end === undefined ? {} : { end })} />
        ))}
      </ul>
      {before !== undefined && before.length > 0 && (
        <details>
          <summary>{say('substitute.before')}</summary>
          <ul className="lines">
            {before.map((one) => (
              <Line key={one.id} substitute={one} />
            ))}
          </ul>
        </details>
      )}
    </>
  );
};

interface LineProps {
  readonly substitute: SubstituteSummary;
  readonly end?: (substitute: SubstituteSummary) => void;
}

const Line = ({ substitute, end }: LineProps): ReactNode => {
  const { say, tryNamed } = useWords();
  const { kind, card, cause, identity, startsAt, endsAt, endedAt, endReason, uses, mostUses } = substitute;
  const begun = Date.parse(startsAt) <= Date.now();
  return (
    <li className={endedAt === null ? undefined : 'gone'}>
      <Icon name={kind === 'code' ? 'keypad' : 'card'} />
      <div className="line-main">
        <span className="line-title">
          {card === null ? say('substitute.code') : card.label}
          {card !== null && <span className="ending">{say('card.ending', { ending: card.ending })}</span>}
        </span>
        <span className="line-more">
          {say('substitute.from')} <Moment at={startsAt} /> · {say('substitute.until')} <Moment at={endsAt} /> ·{' '}
          {say('substitute.used', { uses, most: mostUses })} ·{' '}
          {say(substitute.fewerRights ? 'substitute.rights.fewer' : 'substitute.rights.same')}
        </span>
        <span className="line-more">
          {say(`substitute.cause.${cause}`)} · {say('substitute.issued-by', { name: substitute.issuedBy })} ·{' '}
          {say(`identity.${identity}`)}
        </span>
        {endedAt !== null && (
          <span className="line-more">
            {say('substitute.ended')} <Moment at={endedAt} />
            {endReason !== null && <> · {tryNamed('reason', endReason) ?? endReason}</>}
          </span>
        )}
      </div>
      <div className="line-side">
        {endedAt !== null ? (
          <Pill tone="calm">{say('substitute.ended')}</Pill>
        ) : begun ? (
          <Pill tone="good">{say('substitute.in-force')}</Pill>
        ) : (
          <Pill tone="calm" icon="clock">
            {say('substitute.not-begun')}
          </Pill>
        )}
        {end !== undefined && (
          <Button look="danger" onClick={() => end(substitute)}>
            {say('substitute.end')}
          </Button>
        )}
      </div>
    </li>
  );
};
