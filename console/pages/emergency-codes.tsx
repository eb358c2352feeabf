import { type ReactNode, useState } from 'react';
import type { EmergencyBatch } from '#contract/api/emergencies.ts';
import { useAsked } from '../data/use-asked.ts';
import { useMay } from '../data/use-console.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from '../parts/button.tsx';
import { EmergencySheet } from '../parts/emergency-sheet.tsx';
import { Empty, LoadedView } from '../parts/loaded-view.tsx';
import { MakeEmergencyCodes } from '../parts/make-emergency-codes.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pill } from '../parts/pill.tsx';
import { VoidEmergencyCodes } from '../parts/void-emergency-codes.tsx';

/** Sheets of sealed one-time codes: made, counted and retired. */
export const EmergencyCodes = (): ReactNode => {
  const { say } = useWords();
  const may = useMay();
  const listed = useData('emergency-codes/list', {}, ['emergency-codes']);
  const [making, setMaking] = useState(false);
  useAsked({ kind: 'emergency-codes' }, { make: may('emergency-codes/make') ? () => setMaking(true) : undefined });
  const [voiding, setVoiding] = useState<EmergencyBatch>();
  return (
    <>
      <PageHead
        title={say('nav.emergency-codes')}
        lead={say('emergency.lead')}
        actions={
          may('emergency-codes/make') && (
            <Button look="primary" icon="plus" onClick={() => setMaking(true)}>
              {say('emergency.make')}
            </Button>
          )
        }
      />
      <LoadedView loaded={listed}>
        {({ groups, batches }) => (
          <>
            {batches.length === 0 ? (
              <Empty icon="password" title={say('emergency.none')}>
                <p>{say('emergency.none-hint')}</p>
              </Empty>
            ) : (
              <>
                <Left groups={groups} batches={batches} />
                <ol className="revocations">
                  {batches.map((batch) => (
                    <li key={batch.id} className="surface">
                      <EmergencySheet
                        batch={batch}
                        {...(may('emergency-codes/void') ? { retire: () => setVoiding(batch) } : {})}
                      />
                    </li>
                  ))}
                </ol>
              </>
            )}
            {making && <MakeEmergencyCodes groups={groups} close={() => setMaking(false)} />}
          </>
        )}
      </LoadedView>
      {voiding !== undefined && <VoidEmergencyCodes batch={voiding} close={() => setVoiding(undefined)} />}
    </>
  );
};

interface LeftProps {
  readonly groups: readonly string[];
  readonly batches: readonly EmergencyBatch[];
}

/** Whether each group of terminals still has codes. */
const Left = ({ groups, batches }: LeftProps): ReactNode => {
  const { say } = useWords();
  const names = [...new Set([...groups, ...batches.map(({ group }) => group)])].toSorted();
  const left = (group: string): number =>
    batches.filter((one) => one.group === group).flatMap(({ codes }) => codes.filter(({ state }) => state === 'unused'))
      .length;
  return (
    <section className="surface padded" aria-labelledby="left">
      <h2 id="left">{say('emergency.by-group')}</h2>
      <ul className="lines">
        {names.map((group) => (
          <li key={group}>
            <span className="line-main">{group === '' ? say('emergency.no-group') : group}</span>
            <span className="line-side">
              <Pill tone={left(group) === 0 ? 'warn' : 'good'}>
                {left(group) === 0 ? say('emergency.none-left') : say('emergency.left', { count: left(group) })}
              </Pill>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
};
