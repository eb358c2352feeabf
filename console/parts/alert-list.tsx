import type { ReactNode } from 'react';
import type { Alert } from '#contract/api/overview.ts';
import { fragmentOf, type Place } from '../data/place.ts';
import type { ConsoleRoute } from '../data/routes.ts';
import { briefly } from '../data/times.ts';
import { useMay, useZone } from '../data/use-console.ts';
import { useWords } from '../data/use-words.ts';
import { Icon } from './icon.tsx';

/** Where something is done about it, and what one must be allowed to for that. */
const places: Readonly<Record<Alert['kind'], readonly [Place, ConsoleRoute]>> = {
  'log-halted': [{ kind: 'proof' }, 'log/show'],
  reviews: [{ kind: 'reviews' }, 'reviews/list'],
  approvals: [{ kind: 'approvals' }, 'approvals/list'],
  unconfirmed: [{ kind: 'revocations' }, 'revocations/list'],
  'terminals-ended': [{ kind: 'terminals' }, 'terminals/list'],
  'terminals-ending': [{ kind: 'terminals' }, 'terminals/list'],
  'authority-ending': [{ kind: 'keys' }, 'keys/show'],
  'server-ending': [{ kind: 'keys' }, 'keys/show'],
  clocks: [{ kind: 'terminals' }, 'terminals/list'],
  'backup-none': [{ kind: 'backups' }, 'backups/list'],
  'backup-old': [{ kind: 'backups' }, 'backups/list'],
};

export const AlertList = ({ alerts }: { readonly alerts: readonly Alert[] }): ReactNode => {
  const { say, language } = useWords();
  const may = useMay();
  const zone = useZone();
  return (
    <section className="surface alerts" aria-labelledby="alerts">
      <h2 id="alerts">{say('overview.alerts')}</h2>
      {alerts.length === 0 ? (
        <p className="quiet-line all-well">
          <Icon name="check" />
          {say('overview.no-alerts')}
        </p>
      ) : (
        <ul>
          {alerts.map(({ kind, tone, count, at }) => {
            const [place, needs] = places[kind];
            const words = say(`overview.alert.${kind}`, {
              count: count.toLocaleString(language),
              at: at === null ? undefined : briefly(at, language, new Date(), zone),
            });
            return (
              <li key={kind} className={`alert-line ${tone}`}>
                <Icon name="warning" />
                <span className="visually-hidden">{say(`overview.tone.${tone}`)}</span>
                {may(needs) ? <a href={fragmentOf(place)}>{words}</a> : words}
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
};
