import { type ReactNode, useState } from 'react';
import type { Answer } from '#contract/api/index.ts';
import type { IdentityProof, PersonPage, SubstituteCause } from '#contract/api/people.ts';
import { useAct } from '../data/use-act.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { IdentityChoice } from './identity-choice.tsx';
import { LoadedView } from './loaded-view.tsx';
import { Radios } from './radios.tsx';
import { Steps } from './steps.tsx';
import { SubstituteGiven } from './substitute-given.tsx';
import { SubstituteTerms } from './substitute-terms.tsx';

export interface Checked {
  readonly cause: SubstituteCause;
  readonly identity: IdentityProof;
}

interface IssueSubstituteProps {
  readonly page: PersonPage;
  readonly close: () => void;
}

/** Something that stands for a lost or forgotten card: who stands there, what they get, what was done. */
export const IssueSubstitute = ({ page, close }: IssueSubstituteProps): ReactNode => {
  const { say } = useWords();
  const { name } = page.person;
  const policy = useData('policies/active', {}, []);
  const stock = useData('loan-cards/list', { query: {} }, ['loan-cards']);
  const [checked, setChecked] = useState<Checked>();
  const [isChecked, setIsChecked] = useState(false);
  const act = useAct('substitutes/issue');
  const [given, setGiven] = useState<Answer<'substitutes/issue'>>();
  const at = given !== undefined ? 3 : isChecked ? 1 : 0;
  return (
    <Dialog
      title={say(given === undefined ? 'substitute.give-to' : 'substitute.given-to', { name })}
      close={close}
      mayClose={given === undefined ? !act.busy : given.code === null}
    >
      <Steps steps={[say('substitute.step.who'), say('substitute.step.what'), say('substitute.step.done')]} at={at} />
      {given !== undefined ? (
        <SubstituteGiven person={page.person} given={given} close={close} />
      ) : checked !== undefined && isChecked ? (
        <LoadedView loaded={policy}>
          {({ policy: { substitutes } }) => (
            <LoadedView loaded={stock}>
              {({ cards }) => (
                <SubstituteTerms
                  page={page}
                  checked={checked}
                  act={act}
                  rules={substitutes}
                  stock={cards.filter(({ state, holder }) => state === 'active' && holder === null)}
                  back={() => setIsChecked(false)}
                  give={setGiven}
                />
              )}
            </LoadedView>
          )}
        </LoadedView>
      ) : (
        <Who
          page={page}
          before={checked}
          close={close}
          next={(now) => {
            setChecked(now);
            setIsChecked(true);
          }}
        />
      )}
    </Dialog>
  );
};

const causes = ['forgotten', 'lost'] as const satisfies readonly SubstituteCause[];

interface WhoProps extends IssueSubstituteProps {
  readonly before: Checked | undefined;
  readonly next: (checked: Checked) => void;
}

const Who = ({ page: { person }, before, close, next }: WhoProps): ReactNode => {
  const { say } = useWords();
  const [cause, setCause] = useState(before?.cause);
  const [identity, setIdentity] = useState(before?.identity);
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (cause !== undefined && identity !== undefined) next({ cause, identity });
      }}
    >
      <p className="whom">
        <strong>{person.name}</strong> {person.kana} · {say('person.number-is', { number: person.number })}
      </p>
      <Radios
        legend={say('substitute.cause')}
        options={causes.map((value) => ({
          value,
          label: say(`substitute.cause.${value}`),
          hint: say(`substitute.cause.${value}.why`),
        }))}
        value={cause}
        change={setCause}
        first
      />
      <IdentityChoice value={identity} change={setIdentity} />
      <div className="dialog-actions">
        <Button onClick={close}>{say('common.cancel')}</Button>
        <Button look="primary" type="submit" disabled={cause === undefined || identity === undefined}>
          {say('common.next')}
        </Button>
      </div>
    </form>
  );
};
