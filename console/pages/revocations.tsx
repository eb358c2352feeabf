import type { ReactNode } from 'react';
import type { Revocation } from '#contract/api/console.ts';
import { fragmentOf } from '../data/place.ts';
import { useMay } from '../data/use-console.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Empty, LoadedView } from '../parts/loaded-view.tsx';
import { Moment } from '../parts/moment.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pill } from '../parts/pill.tsx';
import { ReceiptList } from '../parts/receipts.tsx';

export const Revocations = (): ReactNode => {
  const { say } = useWords();
  const listed = useData('revocations/list', { query: { limit: 50 } }, ['revocations', 'terminals']);
  return (
    <>
      <PageHead title={say('nav.revocations')} lead={say('revocations.lead')} />
      <LoadedView loaded={listed}>
        {({ revocations }) =>
          revocations.length === 0 ? (
            <Empty icon="shield" title={say('revocations.none')}>
              <p>{say('revocations.none-hint')}</p>
            </Empty>
          ) : (
            <ol className="revocations">
              {revocations.map((one) => (
                <li key={one.number} className="surface">
                  <Head revocation={one} />
                  {one.receipts.length === 0 ? (
                    <p className="quiet-line">{say('receipt.nobody')}</p>
                  ) : (
                    <ReceiptList receipts={one.receipts} />
                  )}
                </li>
              ))}
            </ol>
          )
        }
      </LoadedView>
    </>
  );
};

const Head = ({ revocation }: { readonly revocation: Revocation }): ReactNode => {
  const { say, tryNamed } = useWords();
  const may = useMay();
  const { confirmed, pending, offline } = revocation.counts;
  const all = confirmed + pending + offline;
  return (
    <div className="section-head">
      <div>
        <h2>
          <span className="muted">{say('revocations.number', { number: revocation.number })}</span>{' '}
          {say(`revocations.of.${revocation.what}`, { name: revocation.name, ending: revocation.ending ?? undefined })}
        </h2>
        <p className="line-more">
          <Moment at={revocation.at} /> · {say('revocations.by', { name: revocation.by })}
          {revocation.reason !== '' && (
            <> · {say('revocations.reason', { reason: tryNamed('reason', revocation.reason) ?? revocation.reason })}</>
          )}
        </p>
      </div>
      {revocation.person !== null && may('people/show') && (
        <a className="section-link" href={fragmentOf({ kind: 'person', id: revocation.person })}>
          {say('revocations.to-person')}
        </a>
      )}
      {all > 0 && (
        <Pill tone={confirmed === all ? 'good' : 'calm'} {...(confirmed === all ? {} : { icon: 'clock' })}>
          {say('revocations.confirmed', { confirmed, all })}
        </Pill>
      )}
    </div>
  );
};
