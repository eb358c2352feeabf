import { type ReactNode, useState } from 'react';
import type { PersonPage, SubstituteSummary } from '#contract/api/people.ts';
import { useMay } from '../data/use-console.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { EndSubstitute } from './end-substitute.tsx';
import { IssueSubstitute } from './issue-substitute.tsx';
import { SubstituteList } from './substitute-list.tsx';

interface PersonSubstitutesProps {
  readonly page: PersonPage;
  /** False where this clerk changes nothing of this person. */
  readonly mayGive: boolean;
}

/** What stands for the cards of a person, and the way to give something. */
export const PersonSubstitutes = ({ page, mayGive }: PersonSubstitutesProps): ReactNode => {
  const { say } = useWords();
  const may = useMay();
  const [giving, setGiving] = useState(false);
  const [ending, setEnding] = useState<SubstituteSummary>();
  const offered = mayGive && may('substitutes/issue');
  return (
    <section className="surface" aria-labelledby="substitutes">
      <div className="section-head">
        <h2 id="substitutes">{say('substitute.title')}</h2>
        {offered && (
          <Button icon="lend" onClick={() => setGiving(true)}>
            {say('substitute.give')}
          </Button>
        )}
      </div>
      <SubstituteList substitutes={page.substitutes} {...(may('substitutes/end') ? { end: setEnding } : {})} />
      {giving && <IssueSubstitute page={page} close={() => setGiving(false)} />}
      {ending !== undefined && (
        <EndSubstitute substitute={ending} person={page.person} close={() => setEnding(undefined)} />
      )}
    </section>
  );
};
