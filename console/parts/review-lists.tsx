import type { ReactNode } from 'react';
import type { ReviewSnapshot } from '#contract/api/periodic-reviews.ts';
import { tryReadCheckpoint } from '../data/checkpoint.ts';
import { useWords } from '../data/use-words.ts';
import { Facts } from './facts.tsx';
import { Moment } from './moment.tsx';

interface SnapshotProps {
  readonly snapshot: ReviewSnapshot;
}

/** The lists of a snapshot, each as a section. */
export const ReviewLists = ({ snapshot }: SnapshotProps): ReactNode => {
  const words = useWords();
  const { say, tryNamed } = words;
  const reasonOf = (reason: string | null): string =>
    reason === null || reason === '' ? '–' : (tryNamed('reason', reason) ?? reason);
  const { alarms, emergencies, fourEyes, policies, accounts, terminals } = snapshot;
  return (
    <>
      <List
        name="alarms"
        total={alarms.total}
        columns={['when', 'what', 'whom', 'where', 'reason']}
        rows={alarms.items.map(({ at, kind, person, terminal, reason }) => [
          <Moment key="at" at={at} full />,
          say(`kind.${kind}`),
          person ?? '–',
          terminal ?? '–',
          reasonOf(reason),
        ])}
      />
      <List
        name="emergencies"
        total={emergencies.total}
        columns={['when', 'whom', 'where', 'reason', 'signed-off']}
        rows={emergencies.items.map(({ at, person, terminal, reason, signedOff }) => [
          <Moment key="at" at={at} full />,
          `${person.name} (${person.number})`,
          terminal,
          reasonOf(reason),
          signedOff === null
            ? say('periodic.not-signed-off')
            : `${signedOff.by} · ${say(`reviews.verdict.${signedOff.verdict}`)}`,
        ])}
      />
      <List
        name="four-eyes"
        total={fourEyes.total}
        columns={['when', 'what', 'asked-by', 'decided-by', 'outcome']}
        rows={fourEyes.items.map(({ at, act, about, askedBy, decidedBy, state }) => [
          <Moment key="at" at={at} full />,
          `${tryNamed('approvals.act', act) ?? act}: ${about}`,
          askedBy,
          decidedBy ?? '–',
          tryNamed('approvals.state', state) ?? state,
        ])}
      />
      <List
        name="policies"
        total={policies.total}
        columns={['version', 'when', 'asked-by', 'reason']}
        rows={policies.items.map(({ number, at, by, note }) => [
          String(number),
          <Moment key="at" at={at} full />,
          by ?? '–',
          note,
        ])}
      />
      <Refusals snapshot={snapshot} />
      <List
        name="privileged"
        total={accounts.privileged.total}
        columns={['whom', 'number', 'roles', 'last-use']}
        rows={accounts.privileged.items.map(({ name, number, roles, lastUsedAt }) => [
          name,
          number,
          roles.map((role) => say(`role.${role}`)).join(say('common.list-separator')),
          lastUsedAt === null ? say('accounts.never') : <Moment key="at" at={lastUsedAt} full />,
        ])}
      />
      {(['unused', 'leftWithCard', 'noFactor'] as const).map((name) => (
        <List
          key={name}
          name={name}
          total={accounts[name].total}
          columns={['whom', 'number']}
          rows={accounts[name].items.map(({ name: person, number }) => [person, number])}
        />
      ))}
      <List
        name="silent"
        total={terminals.silent.total}
        columns={['where', 'last-use']}
        rows={terminals.silent.items.map(({ name, lastSeenAt }) => [
          name,
          lastSeenAt === null ? say('accounts.never') : <Moment key="at" at={lastSeenAt} full />,
        ])}
      />
      <LogThen snapshot={snapshot} />
    </>
  );
};

type Column =
  | 'when'
  | 'what'
  | 'whom'
  | 'where'
  | 'reason'
  | 'signed-off'
  | 'asked-by'
  | 'decided-by'
  | 'outcome'
  | 'version'
  | 'number'
  | 'roles'
  | 'last-use';
type Name =
  | 'alarms'
  | 'emergencies'
  | 'four-eyes'
  | 'policies'
  | 'privileged'
  | 'unused'
  | 'leftWithCard'
  | 'noFactor'
  | 'silent';
/** So many lines are shown at once; the others behind a press. */
const few = 8;

interface ListProps {
  readonly name: Name;
  readonly total: number;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly ReactNode[])[];
}

const List = ({ name, total, columns, rows }: ListProps): ReactNode => {
  const { say } = useWords();
  const title = say(`periodic.list.${name}`);
  if (rows.length === 0) return null;
  const table = (
    <div className="table-wrap">
      <table className="review-table">
        <caption className="visually-hidden">{title}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {say(`periodic.column.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            // A snapshot never changes: a line is known by its place.
            // biome-ignore lint/suspicious/noArrayIndexKey: the place is what it is known by
            <tr key={at}>
              {row.map((cell, place) => (
                <td key={columns[place]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
  return (
    <section className="surface padded" aria-label={title}>
      <div className="section-head">
        <h2>{title}</h2>
        <span className="muted">{say('periodic.count', { count: total })}</span>
      </div>
      {rows.length <= few ? (
        table
      ) : (
        <details className="review-more">
          <summary>{say('periodic.show-all', { count: rows.length })}</summary>
          {table}
        </details>
      )}
      {total > rows.length && <p className="hint">{say('periodic.cut', { shown: rows.length, total })}</p>}
    </section>
  );
};

const Refusals = ({ snapshot: { refusals } }: SnapshotProps): ReactNode => {
  const { say, tryNamed, language } = useWords();
  if (refusals.length === 0) return null;
  const most = Math.max(...refusals.map(({ count }) => count));
  return (
    <section className="surface padded chart" aria-labelledby="review-refusals">
      <h2 id="review-refusals">{say('periodic.list.refusals')}</h2>
      <table aria-labelledby="review-refusals">
        <tbody>
          {refusals.map(({ kind, reason, count }) => (
            <tr key={`${kind} ${reason}`}>
              <th scope="row">
                {say(`kind.${kind}`)}
                {reason !== '' && <span className="kana">{tryNamed('reason', reason) ?? reason}</span>}
              </th>
              <td>
                <span className="bar-track" aria-hidden="true">
                  <span className="bar-part refused" style={{ width: `${(100 * count) / most}%` }} />
                </span>
                <span className="chart-words">{count.toLocaleString(language)}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
};

const LogThen = ({ snapshot: { log, events, terminals, policyVersion } }: SnapshotProps): ReactNode => {
  const { say, language } = useWords();
  const read = log.checkpoint === null ? undefined : tryReadCheckpoint(log.checkpoint);
  return (
    <section className="surface padded" aria-labelledby="review-log">
      <h2 id="review-log">{say('periodic.list.log')}</h2>
      <Facts
        facts={[
          [say('log-proof.size'), read === undefined ? '–' : read.size.toLocaleString(language)],
          [
            say('log-proof.root'),
            <code key="root" className="fingerprint">
              {read?.root ?? '–'}
            </code>,
          ],
          [say('periodic.log-state'), say(log.halted === null ? 'periodic.log-whole' : 'log-proof.halted')],
          [say('nav.policy'), say('policy-page.version', { number: policyVersion })],
          [say('nav.terminals'), say('periodic.terminals', { active: terminals.active, revoked: terminals.revoked })],
        ]}
      />
      <details>
        <summary>{say('periodic.all-events', { count: events.length })}</summary>
        <div className="table-wrap">
          <table className="review-table">
            <caption className="visually-hidden">{say('periodic.all-events', { count: events.length })}</caption>
            <thead>
              <tr>
                <th scope="col">{say('periodic.column.what')}</th>
                <th scope="col">{say('periodic.column.outcome')}</th>
                <th scope="col" className="number-head">
                  {say('periodic.column.count')}
                </th>
              </tr>
            </thead>
            <tbody>
              {events.map(({ kind, outcome, count }) => (
                <tr key={`${kind} ${outcome}`}>
                  <th scope="row">{say(`kind.${kind}`)}</th>
                  <td>{say(`outcome.${outcome}`)}</td>
                  <td className="number">{count.toLocaleString(language)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </section>
  );
};
