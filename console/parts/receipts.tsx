import type { ReactNode } from 'react';
import type { Revocation } from '#contract/api/console.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { LoadedView } from './loaded-view.tsx';
import { Moment } from './moment.tsx';
import { Notice } from './notice.tsx';
import { Pill } from './pill.tsx';

type Receipt = Revocation['receipts'][number];

/** One revocation with its receipts as they come. */
export const Receipts = ({ number }: { readonly number: number }): ReactNode => {
  const { say } = useWords();
  const params = { number: String(number) };
  const shown = useData('revocations/show', { params, query: {} }, ['revocations', 'terminals']);
  return (
    <LoadedView loaded={shown}>
      {({ revocation: { receipts, counts } }) => {
        const open = counts.pending + counts.offline;
        const all = open + counts.confirmed;
        return (
          <div role="status">
            <Notice look={open === 0 ? 'good' : 'info'}>
              <p className="big">{say('revoke.done', { number })}</p>
              <p>{say(all === 0 ? 'receipt.nobody' : open === 0 ? 'receipt.all' : 'receipt.some', { open, all })}</p>
            </Notice>
            <ReceiptList receipts={receipts} />
          </div>
        );
      }}
    </LoadedView>
  );
};

export const ReceiptList = ({ receipts }: { readonly receipts: readonly Receipt[] }): ReactNode => {
  const { say } = useWords();
  if (receipts.length === 0) return null;
  return (
    <ul className="lines receipts">
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
                {say('receipt.offline-hint')}
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
