import { type ReactNode, useState } from 'react';
import type { Account } from '#contract/api/accounts.ts';
import type { Request } from '../api.ts';
import { toCsv } from '../data/csv.ts';
import { type AccountPlace, fragmentOf } from '../data/place.ts';
import { saveFile } from '../data/save-file.ts';
import { dateIn, exactly } from '../data/times.ts';
import { useAct } from '../data/use-act.ts';
import { useZone } from '../data/use-console.ts';
import { useData } from '../data/use-data.ts';
import { useWords, type Words } from '../data/use-words.ts';
import { AccountFilters } from '../parts/account-filters.tsx';
import { AccountTable } from '../parts/account-table.tsx';
import { Button } from '../parts/button.tsx';
import { Empty, LoadedView } from '../parts/loaded-view.tsx';
import { FailureNotice, Notice } from '../parts/notice.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { SavedFilters } from '../parts/saved-filters.tsx';
import { SavedHere } from '../parts/saved-here.tsx';

const pageSize = 50;

const withoutPage = ({ page: _, ...filter }: AccountPlace): AccountPlace => filter;
const queryOf = (filter: AccountPlace): Request<'accounts/export'>['query'] =>
  withoutPage(filter) as Request<'accounts/export'>['query'];

/** Who is known here, when they were here last, and what there is to look at. The filter is in the address. */
export const Accounts = ({ filter }: { readonly filter: AccountPlace }): ReactNode => {
  const { say } = useWords();
  const page = Number(filter.page ?? 1);
  const listed = useData(
    'accounts/list',
    { query: { ...queryOf(filter), page, limit: pageSize } } as Request<'accounts/list'>,
    ['people'],
  );
  const go = (change: AccountPlace): void => {
    const { page: _, ...others } = filter;
    location.replace(fragmentOf({ kind: 'accounts', filter: { ...others, ...change } }));
  };
  return (
    <>
      <PageHead title={say('nav.accounts')} lead={say('accounts.lead')} actions={<Save filter={filter} />} />
      <LoadedView loaded={listed}>
        {({ counts, everybody, total, accounts, emergencyCodes }) => (
          <div className="stack">
            <AccountFilters counts={counts} everybody={everybody} filter={filter} change={go} />
            <SavedFilters place={{ kind: 'accounts', filter: withoutPage(filter) }} />
            <p className="quiet-line">
              {say('accounts.emergency-codes', { unused: emergencyCodes.unused, used: emergencyCodes.used })}{' '}
              <a href={fragmentOf({ kind: 'emergency-codes' })}>{say('nav.emergency-codes')}</a>
            </p>
            {accounts.length === 0 ? (
              <div className="surface">
                <Empty icon="check" title={say('accounts.none')} />
              </div>
            ) : (
              <AccountTable accounts={accounts} filter={filter} change={go} />
            )}
            <Pages page={page} pages={Math.max(1, Math.ceil(total / pageSize))} total={total} go={go} />
          </div>
        )}
      </LoadedView>
    </>
  );
};

interface PagesProps {
  readonly page: number;
  readonly pages: number;
  readonly total: number;
  readonly go: (change: AccountPlace) => void;
}

const Pages = ({ page, pages, total, go }: PagesProps): ReactNode => {
  const { say, language } = useWords();
  return (
    <nav className="pages" aria-label={say('accounts.pages')}>
      <span role="status">{say('accounts.page', { page, pages, total: total.toLocaleString(language) })}</span>
      <Button disabled={page <= 1} onClick={() => go({ page: String(page - 1) })}>
        {say('accounts.previous')}
      </Button>
      <Button disabled={page >= pages} onClick={() => go({ page: String(page + 1) })}>
        {say('common.next')}
      </Button>
    </nav>
  );
};

const Save = ({ filter }: { readonly filter: AccountPlace }): ReactNode => {
  const words = useWords();
  const zone = useZone();
  const { say } = words;
  const fetched = useAct('accounts/export');
  const [saved, setSaved] = useState<number>();
  const save = async (): Promise<void> => {
    setSaved(undefined);
    const answer = await fetched.send({ query: queryOf(filter) });
    if (answer === undefined) return;
    const day = dateIn(new Date(), zone);
    saveFile(`kazasu-accounts-${day}.csv`, new Blob([accountsCsv(answer.accounts, words, zone)], { type: 'text/csv' }));
    setSaved(answer.accounts.length);
  };
  return (
    <div className="account-save">
      <SavedHere>
        <Button busy={fetched.busy} onClick={() => void save()}>
          {say('accounts.save')}
        </Button>
      </SavedHere>
      <FailureNotice failure={fetched.failure} />
      {saved !== undefined && (
        <div role="status">
          <Notice look="good">
            <p>{say('accounts.saved', { count: saved })}</p>
          </Notice>
        </div>
      )}
    </div>
  );
};

/** The list as a file: words as the page has them, times with their offset. */
const accountsCsv = (accounts: readonly Account[], words: Words, zone: string | undefined): string => {
  const { say } = words;
  const head = [
    say('person.number'),
    say('person.name'),
    say('person.kana'),
    say('common.state'),
    say('person.roles'),
    say('accounts.added'),
    say('accounts.last-used'),
    say('accounts.where'),
    say('accounts.cards'),
    say('accounts.factors'),
    say('accounts.findings'),
  ];
  const rows = accounts.map((account) => [
    account.number,
    account.name,
    account.kana,
    say(`accounts.state.${account.state}`),
    account.roles.map((role) => say(`role.${role}`)).join(' / '),
    exactly(account.addedAt, zone),
    account.lastUsedAt === null ? say('accounts.never') : exactly(account.lastUsedAt, zone),
    account.lastUsedAtTerminal ?? '',
    String(account.cards),
    account.factors.map((factor) => say(`accounts.factor.${factor}`)).join(' / '),
    account.findings.map((finding) => say(`accounts.finding.${finding}`)).join(' / '),
  ]);
  return toCsv([head, ...rows]);
};
