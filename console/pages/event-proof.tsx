import type { ReactNode } from 'react';
import type { Answer } from '#contract/api/index.ts';
import { tryReadCheckpoint, tryReadLine } from '../data/checkpoint.ts';
import { fragmentOf } from '../data/place.ts';
import { exactly } from '../data/times.ts';
import { useZone } from '../data/use-console.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Facts } from '../parts/facts.tsx';
import { Icon } from '../parts/icon.tsx';
import { LoadedView } from '../parts/loaded-view.tsx';
import { Moment } from '../parts/moment.tsx';
import { Notice } from '../parts/notice.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { SaveProof } from '../parts/save-proof.tsx';

type Proof = Answer<'log/prove-event'>;

/** That one event stands in the signed log as it was written: what the server finds, and a file for whoever does not take its word. */
export const EventProof = ({ id }: { readonly id: string }): ReactNode => {
  const { say } = useWords();
  const proof = useData('log/prove-event', { params: { event: id } }, []);
  return (
    <>
      <a className="back" href={fragmentOf({ kind: 'log', filter: {} })}>
        <Icon name="back" />
        {say('nav.log')}
      </a>
      <PageHead title={say('event-proof.title')} lead={say('event-proof.lead')} />
      <LoadedView loaded={proof}>
        {(shown) => (
          <div className="two-columns">
            <Finding proof={shown} />
            <Line proof={shown} />
          </div>
        )}
      </LoadedView>
    </>
  );
};

const Finding = ({ proof }: { readonly proof: Proof }): ReactNode => {
  const { say, language } = useWords();
  const { fault, ...file } = proof;
  const { position } = file;
  const read = tryReadCheckpoint(proof.checkpoint);
  const count = (number: number): string => number.toLocaleString(language);
  return (
    <section className="surface" aria-labelledby="finding">
      <div className="section-head">
        <h2 id="finding">{say('event-proof.finding')}</h2>
      </div>
      {fault === null ? (
        <Notice look="good">
          <p>{say('event-proof.holds')}</p>
        </Notice>
      ) : (
        <Notice look="bad" alert>
          <p>{say('event-proof.fails')}</p>
          <p>{say(`event-proof.fault.${fault}`)}</p>
        </Notice>
      )}
      {read !== undefined && (
        <>
          <Facts
            facts={[
              [say('event-proof.position'), say('event-proof.place', { place: count(position + 1), position })],
              [say('log-proof.size'), count(read.size)],
              [say('log-proof.signed-at'), <Moment key="at" at={read.at} />],
              [say('log-proof.origin'), read.origin],
              [say('event-proof.leaf'), <Hash key="leaf" text={proof.leaf} />],
              [say('log-proof.root'), <Hash key="root" text={read.root} />],
            ]}
          />
          <p className="quiet-line">{say('event-proof.how', { count: count(proof.proof.length) })}</p>
        </>
      )}
      <SaveProof name={`kazasu-event-${position}.json`} file={file} />
    </section>
  );
};

const Hash = ({ text }: { readonly text: string }): ReactNode => <code className="fingerprint">{text}</code>;

/** The line itself, as it was hashed. */
const Line = ({ proof }: { readonly proof: Proof }): ReactNode => {
  const { say, tryNamed } = useWords();
  const zone = useZone();
  const { kind, at, id } = tryReadLine(proof.line);
  return (
    <section className="surface" aria-labelledby="line">
      <div className="section-head">
        <h2 id="line">{say('event-proof.line')}</h2>
      </div>
      <Facts
        facts={[
          [say('log.fact.kind'), `${tryNamed('kind', kind) ?? ''} (${kind})`],
          [say('log.fact.at'), Number.isNaN(Date.parse(at)) ? at : exactly(at, zone)],
          [say('log.fact.id'), id],
        ]}
      />
      <p className="quiet-line">{say('event-proof.line-hint')}</p>
      <code className="fingerprint">{proof.line}</code>
    </section>
  );
};
