import { type ReactNode, useState } from 'react';
import type { TerminalSummary } from '#contract/api/terminals.ts';
import { fragmentOf } from '../data/place.ts';
import { useAsked } from '../data/use-asked.ts';
import { useConsole, useMay } from '../data/use-console.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { AnnounceTerminal } from '../parts/announce-terminal.tsx';
import { Button } from '../parts/button.tsx';
import { Field } from '../parts/field.tsx';
import { Empty, LoadedView } from '../parts/loaded-view.tsx';
import { Moment } from '../parts/moment.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pill } from '../parts/pill.tsx';
import { RevokeTerminal } from '../parts/revoke-terminal.tsx';

export const Terminals = (): ReactNode => {
  const { say } = useWords();
  const may = useMay();
  const listed = useData('terminals/list', {}, ['terminals']);
  const [announcing, setAnnouncing] = useState(false);
  useAsked({ kind: 'terminals' }, { announce: may('terminals/announce') ? () => setAnnouncing(true) : undefined });
  const [revoking, setRevoking] = useState<TerminalSummary>();
  return (
    <>
      <PageHead
        title={say('nav.terminals')}
        lead={say('terminals.lead')}
        actions={
          may('terminals/announce') && (
            <Button look="primary" icon="plus" onClick={() => setAnnouncing(true)}>
              {say('terminals.announce')}
            </Button>
          )
        }
      />
      <LoadedView loaded={listed}>
        {({ terminals }) =>
          terminals.length === 0 ? (
            <Empty icon="terminal" title={say('terminals.none')}>
              <p>{say('terminals.none-hint')}</p>
            </Empty>
          ) : (
            <FoundTerminals terminals={terminals} {...(may('terminals/revoke') ? { revoke: setRevoking } : {})} />
          )
        }
      </LoadedView>
      {announcing && <AnnounceTerminal close={() => setAnnouncing(false)} />}
      {revoking !== undefined && <RevokeTerminal terminal={revoking} close={() => setRevoking(undefined)} />}
    </>
  );
};

/** So many rows at once: a hospital has more than a thousand, and nobody reads them from the top. */
const atOnce = 100;

const FoundTerminals = ({ terminals, revoke }: TerminalTableProps): ReactNode => {
  const { say } = useWords();
  const [search, setSearch] = useState('');
  const [shown, setShown] = useState(atOnce);
  const wanted = fold(search);
  const found = terminals.filter(({ name, place, person }) =>
    fold(`${name}\n${place}\n${person?.name ?? ''}`).includes(wanted),
  );
  return (
    <>
      {terminals.length > atOnce && (
        <search className="filters" aria-label={say('terminals.search')}>
          <Field label={say('terminals.search')} value={search} change={setSearch} maxLength={60} />
        </search>
      )}
      <TerminalTable terminals={found} shown={shown} {...(revoke === undefined ? {} : { revoke })} />
      {found.length > shown && (
        <div className="log-foot">
          <Button onClick={() => setShown(shown + atOnce)}>
            {say('terminals.more', { count: Math.min(atOnce, found.length - shown) })}
          </Button>
        </div>
      )}
    </>
  );
};

/** Full width and capitals make no difference. */
const fold = (text: string): string => text.normalize('NFKC').toLowerCase();

interface TerminalTableProps {
  readonly terminals: readonly TerminalSummary[];
  readonly revoke?: (terminal: TerminalSummary) => void;
}

const TerminalTable = ({ terminals, revoke, shown }: TerminalTableProps & { readonly shown: number }): ReactNode => {
  const { say } = useWords();
  const may = useMay();
  const online = terminals.filter((terminal) => terminal.state === 'active' && terminal.online).length;
  const active = terminals.filter((terminal) => terminal.state === 'active').length;
  return (
    <div className="surface table-wrap">
      <p className="table-head" role="status">
        {say('terminals.count', { online, active })}
      </p>
      <table>
        <caption className="visually-hidden">{say('nav.terminals')}</caption>
        <thead>
          <tr>
            <th scope="col">{say('terminals.name')}</th>
            <th scope="col">{say('common.state')}</th>
            <th scope="col">{say('terminals.person')}</th>
            <th scope="col">{say('terminals.seen')}</th>
            <th scope="col">{say('terminals.certificate')}</th>
            <th scope="col">{say('terminals.clock')}</th>
            {revoke !== undefined && (
              <th scope="col">
                <span className="visually-hidden">{say('common.actions')}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {terminals.slice(0, shown).map((terminal) => (
            <tr key={terminal.id}>
              <th scope="row">
                {may('events/list') ? (
                  <a href={fragmentOf({ kind: 'log', filter: { terminal: terminal.id } })}>{terminal.name}</a>
                ) : (
                  terminal.name
                )}
                <HereMark id={terminal.id} />
                {terminal.place !== '' && <span className="kana">{terminal.place}</span>}
              </th>
              <td>
                <TerminalState terminal={terminal} />
              </td>
              <td>
                <PersonAt terminal={terminal} />
              </td>
              <td>{terminal.lastSeenAt === null ? '–' : <Moment at={terminal.lastSeenAt} />}</td>
              <td>{terminal.certificateExpiresAt === null ? '–' : <Moment at={terminal.certificateExpiresAt} />}</td>
              <td>
                <ClockOffset milliseconds={terminal.clockOffsetMs} />
              </td>
              {revoke !== undefined && (
                <td className="row-actions">
                  {terminal.state !== 'revoked' && (
                    <Button
                      look="danger"
                      onClick={() => revoke(terminal)}
                      aria-label={say('terminals.revoke-one', { name: terminal.name })}
                    >
                      {say('terminals.revoke')}
                    </Button>
                  )}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
};

const HereMark = ({ id }: { readonly id: string }): ReactNode => {
  const { say } = useWords();
  const { signedIn } = useConsole();
  return signedIn.terminal === id ? <span className="here">{say('terminals.here')}</span> : null;
};

const TerminalState = ({ terminal: { state, online } }: { readonly terminal: TerminalSummary }): ReactNode => {
  const { say } = useWords();
  if (state === 'revoked') return <Pill tone="bad">{say('terminals.state.revoked')}</Pill>;
  if (state === 'announced') {
    return (
      <Pill tone="calm" icon="clock">
        {say('terminals.state.announced')}
      </Pill>
    );
  }
  if (online) return <Pill tone="good">{say('terminals.state.online')}</Pill>;
  return (
    <Pill tone="warn" icon="offline">
      {say('terminals.state.offline')}
    </Pill>
  );
};

const PersonAt = ({ terminal: { person, state } }: { readonly terminal: TerminalSummary }): ReactNode => {
  const { say } = useWords();
  const may = useMay();
  if (person === null) return <span className="muted">{state === 'active' ? say('terminals.nobody') : '–'}</span>;
  return may('people/show') ? <a href={fragmentOf({ kind: 'person', id: person.id })}>{person.name}</a> : person.name;
};

/** More than this puts a TOTP code into its neighbour's half minute. */
const worrying = 5000;

const ClockOffset = ({ milliseconds }: { readonly milliseconds: number | null }): ReactNode => {
  const { say, language } = useWords();
  if (milliseconds === null) return '–';
  const seconds = new Intl.NumberFormat(language, { maximumFractionDigits: 1, signDisplay: 'exceptZero' }).format(
    milliseconds / 1000,
  );
  const words = say('terminals.clock-seconds', { seconds });
  return Math.abs(milliseconds) > worrying ? <Pill tone="warn">{words}</Pill> : <span className="number">{words}</span>;
};
