import { type ReactNode, useState } from 'react';
import type { Approval } from '#contract/api/approvals.ts';
import type { Answer } from '#contract/api/index.ts';
import type { ListFilter } from '../data/place.ts';
import { noteOf } from '../data/policy-words.ts';
import { exactly } from '../data/times.ts';
import { useAct } from '../data/use-act.ts';
import { useConsole, useZone } from '../data/use-console.ts';
import { useListing } from '../data/use-listing.ts';
import { useWords, type Words } from '../data/use-words.ts';
import { Button } from '../parts/button.tsx';
import { Field } from '../parts/field.tsx';
import { FilterChoice } from '../parts/filter-choice.tsx';
import { ListPage } from '../parts/list-page.tsx';
import type { Column } from '../parts/list-table.tsx';
import { Moment } from '../parts/moment.tsx';
import { FailureNotice } from '../parts/notice.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pill } from '../parts/pill.tsx';
import { PolicyChanges } from '../parts/policy-changes.tsx';
import { SortChoice } from '../parts/sort-choice.tsx';

const acts = [
  'first-binding',
  'rebinding',
  'roles',
  'policy',
  'emergency-codes',
  'card-authorities',
] as const satisfies readonly Approval['act'][];
const states = [
  'waiting',
  'given',
  'used',
  'refused',
  'withdrawn',
  'expired',
] as const satisfies readonly Approval['state'][];
const approvalsOf = ({ approvals }: Answer<'approvals/list'>): readonly Approval[] => approvals;

/** Acts that take a second person: what waits comes first. */
export const Approvals = ({ filter }: { readonly filter: ListFilter }): ReactNode => {
  const words = useWords();
  const { say } = words;
  const zone = useZone();
  const listing = useListing({
    name: 'approvals/list',
    query: { ...filter },
    steady: 'asked',
    changes: ['approvals'],
    itemsOf: approvalsOf,
  });
  return (
    <>
      <PageHead title={say('nav.approvals')} lead={say('approvals.lead')} />
      <ListPage
        kind="approvals"
        caption={say('nav.approvals')}
        listing={listing}
        columns={columnsOf(words, zone)}
        keyOf={({ id }) => id}
        filter={filter}
        sorting={{ usual: 'waiting' }}
        searchLabel={say('approvals.search')}
        choices={(change) => (
          <>
            <FilterChoice
              by="act"
              label={say('approvals.what')}
              every={say('approvals.every-what')}
              filter={filter}
              change={change}
              options={acts.map((one) => [one, say(`approvals.act.${one}`)])}
            />
            <FilterChoice
              by="state"
              filter={filter}
              change={change}
              options={states.map((one) => [one, say(`approvals.state.${one}`)])}
            />
            <SortChoice
              filter={filter}
              change={change}
              usual="waiting rising"
              orders={[
                ['waiting rising', say('approvals.sort.waiting')],
                ['asked falling', say('list.sort.newest')],
                ['asked rising', say('list.sort.oldest')],
                ['subject rising', say('list.sort.person')],
                ['by rising', say('approvals.sort.by')],
              ]}
            />
          </>
        )}
        empty={{ icon: 'check', title: say('approvals.none'), hint: say('approvals.none-hint') }}
        show={(approvals) => (
          <ol className="revocations">
            {approvals.map((one) => (
              <li key={one.id} className="surface">
                <Head approval={one} />
                {one.changes !== null && one.state === 'waiting' && <PolicyChanges changes={one.changes} />}
                {one.state === 'waiting' && <Decision approval={one} />}
              </li>
            ))}
          </ol>
        )}
      />
    </>
  );
};

/** As they stand in a file; the page shows each with the way to decide it. */
const columnsOf = ({ say, tryNamed }: Words, zone: string | undefined): readonly Column<Approval>[] => {
  const at = (instant: string | null): string => (instant === null ? '' : exactly(instant, zone));
  const column = (name: string, label: string, write: (one: Approval) => string): Column<Approval> => ({
    name,
    label,
    show: write,
    write,
  });
  return [
    column('asked', say('approvals.column.asked'), ({ askedAt }) => at(askedAt)),
    column('act', say('approvals.what'), ({ act }) => say(`approvals.act.${act}`)),
    column('number', say('person.number'), ({ subject }) => subject?.number ?? ''),
    column('subject', say('person.name'), ({ subject }) => subject?.name ?? ''),
    column('about', say('approvals.column.about'), ({ about }) => tryNamed('approvals.about', about) ?? about),
    column('by', say('approvals.column.by'), ({ askedBy }) => askedBy.name),
    column('state', say('common.state'), ({ state }) => say(`approvals.state.${state}`)),
    column('decider', say('approvals.column.decider'), ({ decidedBy }) => decidedBy?.name ?? ''),
    column('decided', say('approvals.column.decided'), ({ decidedAt }) => at(decidedAt)),
    column('reason', say('log.fact.reason'), ({ reason }) => reason),
  ];
};

const tones = {
  waiting: 'warn',
  given: 'good',
  used: 'good',
  refused: 'bad',
  withdrawn: 'calm',
  expired: 'calm',
} as const;

const Head = ({ approval }: { readonly approval: Approval }): ReactNode => {
  const { say, tryNamed } = useWords();
  const { subject, askedBy, decidedBy, decidedAt } = approval;
  const asked = approval.changes === null ? approval.about : noteOf(approval.about, approval.changes);
  const about = tryNamed('approvals.about', asked) ?? asked;
  return (
    <div className="section-head">
      <div>
        <h2>
          {say(`approvals.act.${approval.act}`)}
          {subject !== null && <> {say('approvals.for', { name: subject.name, number: subject.number })}</>}
        </h2>
        <p className="line-more">
          {about !== '' && <>{about} · </>}
          {say('approvals.asked-by', { name: askedBy.name })} · <Moment at={approval.askedAt} />
        </p>
        {decidedBy !== null && decidedAt !== null && (
          <p className="line-more">
            {say('approvals.decided-by', { name: decidedBy.name })} · <Moment at={decidedAt} />
            {approval.reason !== '' && <> · {approval.reason}</>}
          </p>
        )}
      </div>
      <Pill tone={tones[approval.state]}>{say(`approvals.state.${approval.state}`)}</Pill>
    </div>
  );
};

const Decision = ({ approval }: { readonly approval: Approval }): ReactNode => {
  const { say } = useWords();
  const { signedIn } = useConsole();
  const [reason, setReason] = useState('');
  const decide = useAct('approvals/decide');
  const withdraw = useAct('approvals/withdraw');
  const params = { approval: approval.id };
  if (approval.askedBy.id === signedIn.person.id) {
    return (
      <div className="form">
        <p className="quiet-line">{say('approvals.yours')}</p>
        <FailureNotice failure={withdraw.failure} />
        <div className="dialog-actions">
          <Button busy={withdraw.busy} onClick={() => void withdraw.send({ params, body: {} })}>
            {say('approvals.withdraw')}
          </Button>
        </div>
      </div>
    );
  }
  if (!approval.mayDecide) return <p className="quiet-line">{say('approvals.not-yours')}</p>;
  const send = (approve: boolean) => void decide.send({ params, body: { approve, reason: reason.trim() } });
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        send(true);
      }}
    >
      <Field label={say('approvals.reason')} value={reason} change={setReason} maxLength={80} required />
      <FailureNotice failure={decide.failure} />
      <div className="dialog-actions">
        <Button onClick={() => send(false)} disabled={decide.busy || reason.trim() === ''}>
          {say('approvals.refuse')}
        </Button>
        <Button look="primary" type="submit" busy={decide.busy} disabled={reason.trim() === ''}>
          {say('approvals.approve')}
        </Button>
      </div>
    </form>
  );
};
