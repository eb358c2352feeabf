import type { ReactNode } from 'react';
import type { KeyState, KeysShown } from '#contract/api/keys.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Facts } from '../parts/facts.tsx';
import { LoadedView } from '../parts/loaded-view.tsx';
import { Moment } from '../parts/moment.tsx';
import { Notice } from '../parts/notice.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pill } from '../parts/pill.tsx';

const tones = { waits: 'warn', 'in-use': 'good', old: 'calm' } as const satisfies Readonly<Record<KeyState, string>>;
/** An end that is this near is shown as a warning (milliseconds). Certificates are renewed long before. */
const near = 14 * 24 * 3_600_000;

/** Keys and certificates with their ends: what is due, and what still hangs on old ones. Keys are changed by command. */
export const Keys = (): ReactNode => {
  const { say } = useWords();
  const shown = useData('keys/show', {}, ['terminals']);
  return (
    <>
      <PageHead title={say('nav.keys')} lead={say('keys.lead')} />
      <LoadedView loaded={shown}>
        {(keys) => (
          <div className="stack">
            <Certificates keys={keys} />
            <KeyList keys={keys} />
          </div>
        )}
      </LoadedView>
    </>
  );
};

const StatePill = ({ state }: { readonly state: KeyState }): ReactNode => {
  const { say } = useWords();
  return <Pill tone={tones[state]}>{say(`keys.state.${state}`)}</Pill>;
};

const End = ({ at }: { readonly at: string }): ReactNode => {
  const { say } = useWords();
  const left = Date.parse(at) - Date.now();
  return (
    <>
      <Moment at={at} /> {left < near && <Pill tone="warn">{say(left < 0 ? 'keys.ended' : 'keys.ends-soon')}</Pill>}
    </>
  );
};

const Certificates = ({ keys: { authorities, server, terminals, processes } }: { readonly keys: KeysShown }) => {
  const { say } = useWords();
  const behind = processes.filter(({ holdsNewest }) => !holdsNewest).length;
  return (
    <>
      {terminals.ended > 0 && (
        <Notice look="warn">
          <p>{say('keys.terminals-ended', { count: terminals.ended })}</p>
        </Notice>
      )}
      <div className="two-columns">
        <section className="surface" aria-labelledby="authorities">
          <div className="section-head">
            <h2 id="authorities">{say('keys.authorities')}</h2>
          </div>
          <ul className="key-lines">
            {authorities.map(({ id, state, name, fingerprint, endsAt }) => (
              <li key={id}>
                <p className="key-line-head">
                  {name} <StatePill state={state} />
                </p>
                <p className="quiet-line">
                  {say('common.valid-until')} <End at={endsAt} />
                </p>
                <code className="fingerprint">{fingerprint}</code>
              </li>
            ))}
          </ul>
        </section>
        <section className="surface" aria-labelledby="certificates">
          <div className="section-head">
            <h2 id="certificates">{say('keys.certificates')}</h2>
          </div>
          <Facts
            facts={[
              [say('keys.server'), server.names.join(', ')],
              [say('keys.server-until'), <End key="end" at={server.endsAt} />],
              [
                say('keys.terminals'),
                say('keys.terminals-count', {
                  day: terminals.withinDay,
                  days: terminals.withinThreeDays,
                  later: terminals.later,
                }),
              ],
              [say('keys.unaware'), String(terminals.unaware)],
              [say('keys.processes'), say('keys.processes-count', { count: processes.length, behind })],
            ]}
          />
        </section>
      </div>
    </>
  );
};

const KeyList = ({ keys: { keys } }: { readonly keys: KeysShown }): ReactNode => {
  const { say } = useWords();
  return (
    <div className="surface table-wrap">
      <table>
        <caption className="visually-hidden">{say('keys.list')}</caption>
        <thead>
          <tr>
            {(['purpose', 'number', 'state', 'used-from', 'hanging'] as const).map((column) => (
              <th key={column} scope="col">
                {say(`keys.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {keys.map(({ purpose, id, state, usedFrom, hanging }) => (
            <tr key={`${purpose} ${id}`}>
              <th scope="row">{say(`keys.purpose.${purpose}`)}</th>
              <td>{id}</td>
              <td>
                <StatePill state={state} />
              </td>
              <td>{usedFrom === null ? '–' : <Moment at={usedFrom} />}</td>
              <td>{hanging}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
};
