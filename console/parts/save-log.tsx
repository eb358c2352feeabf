import type { ReactNode } from 'react';
import type { Request } from '../api.ts';
import { logCsv, logJsonLines } from '../data/log-file.ts';
import type { LogFilter } from '../data/place.ts';
import { exactly } from '../data/times.ts';
import { useConsole, useZone } from '../data/use-console.ts';
import { useSaving } from '../data/use-saving.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { SavedHere } from './saved-here.tsx';
import { SavingState } from './saving-state.tsx';

type Query = Request<'events/export'>['query'];
type Place = Pick<Query, 'exported' | 'before'>;

/** All that the filter shows, as a file; that it was saved stands in the log. */
export const SaveLog = ({ filter }: { readonly filter: LogFilter }): ReactNode => {
  const words = useWords();
  const { say } = words;
  const { api } = useConsole();
  const zone = useZone();
  const saving = useSaving();
  const save = (format: Query['format']): void => {
    const { type, head, write } = format === 'csv' ? logCsv(words, zone) : logJsonLines;
    const name = `kazasu-log-${exactly(new Date().toISOString(), zone).slice(0, 16).replace(/[ :]/g, '-')}.${format}`;
    const fetch = async (after: Place | null) => {
      const reply = await api.call('events/export', { query: { ...(filter as Query), format, ...after } });
      if (!reply.ok) return reply;
      const { events, exported, next } = reply.value;
      const place = next === null ? null : { exported, before: next };
      return { ok: true, value: { text: write(events), count: events.length, next: place } } as const;
    };
    void saving.begin<Place>({ name, type, head, fetch });
  };
  const busy = saving.state.kind === 'running';
  return (
    <details className="surface save-log">
      <summary className="save-log-title">{say('log.save')}</summary>
      <p>{say('log.save-lead')}</p>
      <SavedHere>
        <div className="save-log-ways">
          <Button disabled={busy} onClick={() => save('csv')}>
            {say('log.save-csv')}
          </Button>
          <Button disabled={busy} onClick={() => save('jsonl')}>
            {say('log.save-jsonl')}
          </Button>
        </div>
        <SavingState saving={saving} />
      </SavedHere>
    </details>
  );
};
