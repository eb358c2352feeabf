import type { Pushed, RevocationOrder } from '#contract/api/terminals.ts';
import { terminalPolicyOf } from '#core/policy/terminal-policy.ts';
import type { ServerDeps } from '../deps.ts';
import type { Hub, TerminalStream } from '../push.ts';
import { markConnected, markDisconnected } from '../store/connections.ts';
import { getHead, listOrders } from '../store/revocations.ts';
import { tryGetActive } from '../store/terminals.ts';
import type { StreamHandlers } from './handlers.ts';

export interface StreamDeps extends ServerDeps {
  readonly hub: Hub;
  readonly beatMs: number;
}

/** Terminals that one process lets renew or answer in a second, when all are asked at once. */
const perSecond = 20;

/** Over how many seconds the terminals of this process spread what is asked of all of them. */
export const spreadOver = (hub: Pick<Hub, 'streaming'>): number => Math.ceil(hub.streaming().length / perSecond);

export const createStreams = (deps: StreamDeps): StreamHandlers => ({
  'terminals/stream': async ({ query }, sender, stream) => {
    const { terminal } = sender;
    const { database, hub, now } = deps;
    let sent = 0;
    let held: Pushed[] | null = [];

    const send = (toSend: Pushed): void => {
      if (toSend.kind === 'revocation') {
        // What the catch-up has sent may be heard again.
        if (toSend.order.number <= sent) return;
        sent = toSend.order.number;
      }
      stream.send(toSend);
    };
    const own: TerminalStream = {
      terminal,
      key: sender.key,
      hear: (heard) => {
        const looked = heard.kind === 'beat' || heard.kind === 'trust';
        if (looked && (sender.certificateExpiresAt <= now() || !deps.keys.authorities().has(sender.authority))) {
          stream.end();
        } else if (held !== null) held.push(heard);
        else send(heard);
      },
      end: stream.end,
    };
    // Heard from here on and held back, so that nothing falls between the catch-up and the stream.
    const remove = hub.addStream(own);
    const connectedAt = now();
    let gone = false;
    stream.onClose(() => {
      gone = true;
      remove();
      // Within a beat the terminal is back, or it is gone.
      deps.later(deps.beatMs, () => database.transaction((tx) => markDisconnected(tx, now(), terminal, connectedAt)));
    });
    let head = 0;
    const orders: RevocationOrder[] = await database.transaction(async (tx) => {
      // Before the list is read: what is issued in between is in the list, or is heard.
      head = await getHead(tx);
      if ((await tryGetActive(tx, terminal)) === undefined) return [];
      await markConnected(tx, connectedAt, terminal, {
        clockOffsetMs: query.clock - connectedAt.getTime(),
        address: sender.address,
        key: sender.key,
        trustVersion: query.trust ?? null,
      });
      return listOrders(tx, query.after);
    });
    const revocationHead = orders.at(-1)?.number ?? head;
    // A terminal that knows more than we do (after a restore) still hears what is issued from now on.
    sent = orders.length > 0 ? query.after : revocationHead;
    if (gone) return;
    const trust = deps.keys.trust();
    // Before the terminal counts as connected: what is signed for it from now on it can check.
    if (query.trust !== trust.trustVersion) {
      stream.send({ kind: 'trust', trust, spreadSeconds: spreadOver(hub) } satisfies Pushed);
    }
    stream.send({
      kind: 'hello',
      serverTime: now().toISOString(),
      name: sender.name,
      policy: terminalPolicyOf(deps.policy()),
      revocationHead,
    } satisfies Pushed);
    for (const order of orders) send({ kind: 'revocation', order });
    const waiting = held;
    held = null;
    for (const one of waiting) send(one);
  },

  'console/stream': async (_input, { session }, stream) => {
    stream.onClose(deps.hub.addWatcher({ session, hear: stream.send, keepAlive: stream.keepAlive, end: stream.end }));
    stream.send({ what: 'hello' });
  },
});
