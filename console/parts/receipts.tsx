import { type ReactNode, useState } from 'react';
import type { Revocation } from '#contract/api/console.ts';
import { briefly } from '../data/times.ts';
import { useZone } from '../data/use-console.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { LoadedView } from './loaded-view.tsx';
import { Moment } from './moment.tsx';
import { Notice } from './notice.tsx';
import { Pill } from './pill.tsx';

type Receipt = Revocation['receipts'][number];

/** Of one revocation so many at first; behind them so many more at a time. */
const shownFirst = 50;
const shownMore = 200;
/** The same where many revocations stand on one page: those that locked or have not confirmed come first. */
export const shownOfMany = 5;
/** Of many terminals one confirms every moment. */
const live = { spacing: 250 };
const useReceipts = (number: number, query: { readonly limit: number; readonly offset: number }) =>
  useData('revocations/show', { params: { number: String(number) }, query }, ['revocations', 'terminals'], live);

/** One revocation with its receipts as they come. */
export const Receipts = ({ number }: { readonly number: number }): ReactNode => {
  const { say } = useWords();
  const shown = useReceipts(number, { limit: shownFirst, offset: 0 });
  return (
    <LoadedView loaded={shown}>
      {({ revocation }) => {
        const { counts } = revocation;
        const open = counts.pending + counts.offline;
        const all = open + counts.confirmed;
        return (
          <div role="status">
            <Notice look={open === 0 ? 'good' : 'info'}>
              <p className="big">{say('revoke.done', { number })}</p>
              <p>{say(all === 0 ? 'receipt.nobody' : open === 0 ? 'receipt.all' : 'receipt.some', { open, all })}</p>
            </Notice>
            <ReceiptList revocation={revocation} />
          </div>
        );
      }}
    </LoadedView>
  );
};

/** Revocations that were made together, with their receipts added up as they come. At most a hundred. */
export const ManyReceipts = ({ numbers }: { readonly numbers: readonly number[] }): ReactNode => {
  const { say } = useWords();
  const query = { numbers: numbers.join(','), limit: 100 };
  const shown = useData('revocations/list', { query }, ['revocations', 'terminals'], live);
  return (
    <LoadedView loaded={shown}>
      {({ revocations }) => {
        const sum = (count: (counts: Revocation['counts']) => number): number =>
          revocations.reduce((total, { counts }) => total + count(counts), 0);
        const open = sum(({ pending, offline }) => pending + offline);
        const all = open + sum(({ confirmed }) => confirmed);
        return (
          <>
            <div role="status">
              <Notice look={open === 0 ? 'good' : 'info'}>
                <p className="big">{say('revoke.many-done', { count: revocations.length })}</p>
                <p>
                  {say(all === 0 ? 'receipt.nobody' : open === 0 ? 'receipt.all' : 'receipt.some-of-many', {
                    open,
                    all,
                  })}
                </p>
              </Notice>
            </div>
            <ul className="lines">
              {revocations.toReversed().map((one) => (
                <li key={one.number}>
                  <OneOfMany revocation={one} />
                </li>
              ))}
            </ul>
          </>
        );
      }}
    </LoadedView>
  );
};

const OneOfMany = ({ revocation }: { readonly revocation: Revocation }): ReactNode => {
  const { say } = useWords();
  const { name, ending, what, counts, receipts } = revocation;
  const all = counts.confirmed + counts.pending + counts.offline;
  const locked = receipts.filter(({ lockedAt }) => lockedAt !== null).map(({ terminalName }) => terminalName);
  return (
    <details className="one-of-many">
      <summary>
        <strong>{say(`revocations.of.${what}`, { name, ending: ending ?? undefined })}</strong>{' '}
        <Pill tone={counts.confirmed === all ? 'good' : 'calm'}>
          {say('revocations.confirmed', { confirmed: counts.confirmed, all })}
        </Pill>
        {locked.length > 0 && (
          <small>{say('receipt.locked-there', { terminals: locked.join(say('common.list-separator')) })}</small>
        )}
      </summary>
      <ReceiptList revocation={revocation} />
    </details>
  );
};

interface ReceiptListProps {
  readonly revocation: Revocation;
  /** So many receipts it was asked with. */
  readonly first?: number;
}

/** Of many terminals the first, and the others on request. */
export const ReceiptList = ({
  revocation: { number, receipts, counts },
  first = shownFirst,
}: ReceiptListProps): ReactNode => {
  const { say } = useWords();
  const [pages, setPages] = useState<readonly number[]>([]);
  const next = first + pages.length * shownMore;
  const left = counts.confirmed + counts.pending + counts.offline - next;
  if (receipts.length === 0) return null;
  return (
    <>
      <Lines receipts={receipts} />
      {pages.map((offset) => (
        <FurtherReceipts key={offset} number={number} offset={offset} />
      ))}
      {left > 0 && (
        <div className="receipts-more">
          <Button onClick={() => setPages([...pages, next])}>{say('receipt.more', { count: left })}</Button>
        </div>
      )}
    </>
  );
};

const FurtherReceipts = ({ number, offset }: { readonly number: number; readonly offset: number }): ReactNode => {
  const shown = useReceipts(number, { limit: shownMore, offset });
  return (
    <LoadedView loaded={shown}>{({ revocation: { receipts } }) => <Lines receipts={receipts} further />}</LoadedView>
  );
};

/** The button that asked for the last of them is gone: then what it brought has the focus. */
const takeFocus = (list: HTMLUListElement | null): void => {
  if (document.activeElement === document.body) list?.focus({ preventScroll: true });
};

interface LinesProps {
  readonly receipts: readonly Receipt[];
  readonly further?: true;
}

const Lines = ({ receipts, further }: LinesProps): ReactNode => {
  const { say } = useWords();
  return (
    <ul className="lines receipts" {...(further ? { tabIndex: -1, ref: takeFocus } : {})}>
      {receipts.map((receipt) => (
        <li key={receipt.terminal}>
          <span className="line-main">{receipt.terminalName}</span>
          <span className="line-more">
            {receipt.state === 'confirmed' && receipt.lockedAt === null && say('receipt.concerned-nobody')}
            {receipt.lockedAt !== null && (
              <>
                {say('receipt.locked')} <Moment at={receipt.lockedAt} clock />
              </>
            )}
            {receipt.state === 'offline' && (
              <>
                <LastSeen at={receipt.lastSeenAt} />
                {say('receipt.offline-hint')} <MayOpen until={receipt.offlineUntil} />
              </>
            )}
          </span>
          <span className="line-side">
            <ReceiptState receipt={receipt} />
          </span>
        </li>
      ))}
    </ul>
  );
};

/** Until when it could let somebody in who was revoked; nothing where it never decides by itself. */
const MayOpen = ({ until }: { readonly until: string | null }): ReactNode => {
  const { say, language } = useWords();
  const zone = useZone();
  if (until === null) return null;
  const now = new Date();
  const key = Date.parse(until) > now.getTime() ? 'receipt.may-open' : 'receipt.opens-no-more';
  return say(key, { time: briefly(until, language, now, zone) });
};

const LastSeen = ({ at }: { readonly at: string | null }): ReactNode => {
  const { say } = useWords();
  if (at === null) return null;
  return (
    <>
      {say('receipt.last-seen')} <Moment at={at} /> ·{' '}
    </>
  );
};

const ReceiptState = ({ receipt: { state, milliseconds } }: { readonly receipt: Receipt }): ReactNode => {
  const { say } = useWords();
  if (state === 'offline') {
    return (
      <Pill tone="warn" icon="offline">
        {say('receipt.offline')}
      </Pill>
    );
  }
  if (state === 'pending') {
    return (
      <Pill tone="calm" icon="clock">
        {say('receipt.pending')}
      </Pill>
    );
  }
  return (
    <Pill tone="good">
      {milliseconds === null
        ? say('receipt.confirmed')
        : say('receipt.confirmed-in', { milliseconds: Math.round(milliseconds) })}
    </Pill>
  );
};
