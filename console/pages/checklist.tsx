import type { ReactNode } from 'react';
import type { ChecklistEvidence, ChecklistItem, ChecklistItemId, ChecklistState } from '#contract/api/checklist.ts';
import { fragmentOf, type Place } from '../data/place.ts';
import { exactly } from '../data/times.ts';
import { useZone } from '../data/use-console.ts';
import { useData } from '../data/use-data.ts';
import { useWords, type Words } from '../data/use-words.ts';
import { Button } from '../parts/button.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';
import { LoadedView } from '../parts/loaded-view.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pill, type Tone } from '../parts/pill.tsx';

const tones: Readonly<Record<ChecklistState, Tone>> = {
  met: 'good',
  partly: 'warn',
  'not-met': 'bad',
  'by-hand': 'calm',
};
const states = ['met', 'partly', 'not-met', 'by-hand'] as const satisfies readonly ChecklistState[];

/** Where what is missing is put right. */
const remedies: Readonly<Record<ChecklistItemId, Place>> = {
  'users-identified': { kind: 'people' },
  'secrets-personal': { kind: 'policy' },
  'temporary-access': { kind: 'policy' },
  'rights-approved': { kind: 'policy' },
  'two-factors': { kind: 'accounts', filter: { finding: 'no-factor' } },
  'pin-rules': { kind: 'policy' },
  'card-not-alone': { kind: 'policy' },
  'clear-screen': { kind: 'policy' },
  'lost-cards': { kind: 'revocations' },
  emergency: { kind: 'reviews' },
  maintenance: { kind: 'accounts', filter: { finding: 'maintenance' } },
  'accounts-current': { kind: 'accounts', filter: { finding: 'unused' } },
  connections: { kind: 'keys' },
  'log-content': { kind: 'log', filter: {} },
  'log-reviewed': { kind: 'periodic-reviews' },
  'log-protected': { kind: 'proof' },
  'log-kept': { kind: 'policy' },
  time: { kind: 'terminals' },
  backups: { kind: 'log', filter: { kind: 'backup.made' } },
};

/** Which items of the guideline the installation meets, each with what was found; nothing here is ticked by hand. */
export const ChecklistPage = (): ReactNode => {
  const { say } = useWords();
  const zone = useZone();
  const shown = useData('checklist/show', {}, ['policy', 'periodic-reviews', 'reviews']);
  return (
    <>
      <PageHead
        title={say('nav.checklist')}
        lead={say('checklist.lead')}
        actions={
          <>
            <Button onClick={shown.reload}>{say('checklist.again')}</Button>
            <Button look="primary" onClick={() => print()}>
              {say('common.print')}
            </Button>
          </>
        }
      />
      <LoadedView loaded={shown}>
        {({ at, origin, policyVersion, items }) => (
          <div className="stack">
            <p className="checklist-about">
              {say('checklist.about', { origin, at: exactly(at, zone), version: policyVersion })}
            </p>
            <ul className="checklist-sum">
              {states.map((state) => (
                <li key={state}>
                  <Pill tone={tones[state]}>{say(`checklist.state.${state}`)}</Pill>
                  <strong>{items.filter((item) => item.state === state).length}</strong>
                </li>
              ))}
            </ul>
            <ol className="checklist surface">
              {items.map((item) => (
                <li key={item.id}>
                  <Item item={item} />
                </li>
              ))}
            </ol>
            <p className="hint">{say('checklist.foot')}</p>
          </div>
        )}
      </LoadedView>
    </>
  );
};

const Item = ({ item: { id, clause, state, evidence } }: { readonly item: ChecklistItem }): ReactNode => {
  const words = useWords();
  const zone = useZone();
  const { say } = words;
  return (
    <section className="checklist-item" aria-labelledby={`item-${id}`}>
      <div className="checklist-what">
        <h2 id={`item-${id}`}>{say(`checklist.item.${id}`)}</h2>
        <cite className="policy-cite">{clause}</cite>
        <p className="hint">{say(`checklist.by-hand.${id}`)}</p>
      </div>
      <div className="checklist-found">
        <Pill tone={tones[state]}>{say(`checklist.state.${state}`)}</Pill>
        <ul>
          {evidence.map((one) => (
            <li key={`${one.fact} ${JSON.stringify(one.good)}`} className={`evidence ${markOf(one)}`}>
              <Icon name={icons[markOf(one)]} />
              <span>
                <span className="visually-hidden">{say(`checklist.mark.${markOf(one)}`)}</span>
                {factOf(one, words, zone)}
              </span>
            </li>
          ))}
        </ul>
        {state !== 'met' && (
          <a className="section-foot no-print" href={fragmentOf(remedies[id])}>
            {say('checklist.remedy')}
            <Icon name="next" />
          </a>
        )}
      </div>
    </section>
  );
};

type Mark = 'for' | 'against' | 'told';
const markOf = ({ good }: ChecklistEvidence): Mark => (good === null ? 'told' : good ? 'for' : 'against');
const icons: Readonly<Record<Mark, IconName>> = { for: 'check', against: 'warning', told: 'dot' };

/** What is missing has words of its own where the fact is a yes or no. */
const factOf = (evidence: ChecklistEvidence, words: Words, zone: string | undefined): string =>
  (evidence.good === false ? words.tryNamed('checklist.lacks', evidence.fact) : undefined) ??
  words.say(`checklist.fact.${evidence.fact}`, valuesOf(evidence, words, zone));

/** Times of the hospital, figures with their separators. */
const valuesOf = (
  { values }: ChecklistEvidence,
  { language }: Words,
  zone: string | undefined,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      if (typeof value === 'number') return [name, value.toLocaleString(language)];
      return [name, name === 'at' && value !== '–' ? exactly(value, zone) : value];
    }),
  );
