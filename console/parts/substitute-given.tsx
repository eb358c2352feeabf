import type { ReactNode } from 'react';
import type { Answer } from '#contract/api/index.ts';
import type { PersonSummary } from '#contract/api/people.ts';
import { exactly } from '../data/times.ts';
import { useZone } from '../data/use-console.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Moment } from './moment.tsx';
import { Notice } from './notice.tsx';
import { Printed } from './printed.tsx';
import { SecretText } from './secret-text.tsx';

interface SubstituteGivenProps {
  readonly person: PersonSummary;
  readonly given: Answer<'substitutes/issue'>;
  readonly close: () => void;
}

/** What was done; a code is seen here, and on the paper that is printed here, and nowhere else. */
export const SubstituteGiven = ({ person, given, close }: SubstituteGivenProps): ReactNode => {
  const { say } = useWords();
  const { substitute, code } = given;
  const { name } = person;
  return (
    <>
      <div role="status">
        <Notice look="good">
          <p className="big">
            {substitute.card === null
              ? say('substitute.done.code', { name })
              : say('substitute.done.loan-card', { ...substitute.card, name })}
          </p>
          <p>{say(substitute.cause === 'lost' ? 'substitute.done.revoked' : 'substitute.done.suspended', { name })}</p>
        </Notice>
      </div>
      {code !== null && <SecretText label={say('substitute.code')} text={code} />}
      <p>
        {say('common.valid-until')} <Moment at={substitute.endsAt} /> ·{' '}
        {say('substitute.most', { most: substitute.mostUses })} ·{' '}
        {say(substitute.fewerRights ? 'substitute.rights.fewer' : 'substitute.rights.same')}
      </p>
      {code !== null && (
        <Notice look="warn">
          <p>{say('common.shown-once')}</p>
        </Notice>
      )}
      <div className="dialog-actions">
        {code !== null && <Button onClick={() => print()}>{say('common.print')}</Button>}
        <Button look="primary" onClick={close} autoFocus>
          {say('common.done')}
        </Button>
      </div>
      {code !== null && <Slip person={person} given={given} code={code} />}
    </>
  );
};

const Slip = ({ person, given: { substitute }, code }: Omit<SubstituteGivenProps, 'close'> & { code: string }) => {
  const { say } = useWords();
  const zone = useZone();
  return (
    <Printed>
      <article className="slip">
        <h1>{say('substitute.code')}</h1>
        <p>
          {person.name} · {say('person.number-is', { number: person.number })}
        </p>
        <p className="slip-code">{code}</p>
        <p>
          {say('common.valid-until')} {exactly(substitute.endsAt, zone).slice(0, 16)} ·{' '}
          {say('substitute.most', { most: substitute.mostUses })} ·{' '}
          {say('substitute.issued-by', { name: substitute.issuedBy })}
        </p>
        <p>{say('substitute.how')}</p>
        <p>{say('substitute.keep')}</p>
      </article>
    </Printed>
  );
};
