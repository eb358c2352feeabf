import type { RevocationOrder } from '#contract/api/terminals.ts';
import { failures } from '#contract/errors.ts';
import { createBackOff, pause } from './back-off.ts';
import type { Http } from './http.ts';
import type { Log } from './log.ts';
import type { Position } from './position.ts';
import { signText } from './signing.ts';

export interface Receipt {
  readonly number: number;
  /** Instants by this terminal's clock. */
  readonly lockedAt: string | null;
  readonly receivedAt: string;
}

const textOf = ({ number, lockedAt, receivedAt }: Receipt): string => `${number}.${lockedAt ?? ''}.${receivedAt}`;

export interface ReceiptsDeps {
  readonly call: Http['call'];
  readonly privateKey: () => string;
  readonly position: Position;
  readonly log: Log;
}

export interface Receipts {
  /** The newest number that the server has. One below what is known here is another history (a backup put back): numbers come again. */
  follow(head: number): void;
  /** Whether the order is new here; one that comes again is dropped. */
  take(order: RevocationOrder): boolean;
  /** Sends a signed receipt until the server has taken it. */
  confirm(receipt: Receipt): void;
  stop(): Promise<void>;
}

export function createReceipts(deps: ReceiptsDeps): Receipts {
  const stopped = new AbortController();
  const sending = new Set<Promise<void>>();
  /** Orders that were received and are not confirmed to the end. */
  const open = new Set<number>();
  let highest = deps.position.get().revocation;

  async function send(receipt: Receipt): Promise<void> {
    const backOff = createBackOff({ first: 300, longest: 10_000 });
    while (!stopped.signal.aborted) {
      // Signed at each try: the server holds it against the certificate that the call goes with, which may be a new one.
      const body = { ...receipt, signature: signText(textOf(receipt), deps.privateKey()) };
      const reply = await deps.call('terminals/confirm', { body }, { lane: 'background', limit: 5_000 });
      if (reply.ok || !failures[reply.failure.code].retry) {
        if (!reply.ok) deps.log.error('receipt-refused', { number: receipt.number, code: reply.failure.code });
        open.delete(receipt.number);
        deps.position.change({ revocation: open.size === 0 ? highest : Math.min(...open) - 1 });
        return;
      }
      await pause(backOff.next(), stopped.signal);
    }
  }

  return {
    follow(head) {
      if (head >= highest) return;
      deps.log.error('revocations-rewound', { known: highest, head });
      highest = head;
      for (const number of open) if (number > head) open.delete(number);
      if (deps.position.get().revocation > head) deps.position.change({ revocation: head });
    },
    take({ number }) {
      if (open.has(number) || number <= deps.position.get().revocation) return false;
      highest = Math.max(highest, number);
      open.add(number);
      return true;
    },
    confirm(receipt) {
      const sent = send(receipt).finally(() => sending.delete(sent));
      sending.add(sent);
    },
    async stop() {
      stopped.abort();
      await Promise.all(sending);
    },
  };
}
