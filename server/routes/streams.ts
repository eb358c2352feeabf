import type { Pushed } from '#contract/api/terminals.ts';
import { fail, succeed } from '#contract/errors.ts';
import { terminalPolicyOf } from '#core/policy/terminal-policy.ts';
import type { Arrivals } from '../arrivals.ts';
import { nonceRenewal } from '../cards/nonces.ts';
import type { ServerDeps } from '../deps.ts';
import { toFrame } from '../event-stream.ts';
import type { Hub, TerminalStream } from '../push.ts';
import { markOrder } from '../revocation-mark.ts';
import type { Left } from '../store/connections.ts';
import type { EventStream, StreamHandlers } from './handlers.ts';

export interface StreamDeps extends ServerDeps {
  readonly hub: Hub;
  readonly beatMs: number;
  readonly arrivals: Arrivals;
  /** Notes that a stream has ended; `silent`: because the terminal was not heard of any more. */
  readonly leave: (left: Left, how: 'ended' | 'silent') => void;
}

/** Terminals that came at the same moment, after a restart of the server, do not all ask for work at the same moment again. */
const nextNonceAt = (now: Date): number => now.getTime() + nonceRenewal * (0.5 + Math.random() / 2);

/** Terminals that one process lets renew or answer in a second, when all are asked at once. */
const perSecond = 20;

/** Over how many seconds the terminals of this process spread what is asked of all of them. */
export const spreadOver = (hub: Pick<Hub, 'streaming'>): number => Math.ceil(hub.streaming().length / perSecond);

/** Beats that a terminal may leave unanswered. One that never answers is an older one, and is let be. */
const mostUnanswered = 2;

export const createStreams = (deps: StreamDeps): StreamHandlers => ({
  'terminals/stream': async ({ query }, sender, request) => {
    const { hub, now } = deps;
    const { terminal, name, address } = sender;
    let stream: EventStream | undefined;
    let sent = 0;
    let held: { readonly heard: Pushed; readonly frame: Buffer }[] | null = [];
    let over = false;
    let how: 'ended' | 'silent' = 'ended';
    let nonce = deps.cards.giveNonce(terminal);
    let nonceUntil = nextNonceAt(now());
    let answers = false;
    let unanswered = 0;
    let heardBytes = 0;
    let told: boolean | undefined;

    /** Whether it is new to this terminal: what the catch-up has sent may be heard again. */
    const isNew = (heard: Pushed): boolean => {
      if (heard.kind !== 'revocation') return true;
      if (heard.order.number <= sent) return false;
      sent = heard.order.number;
      return true;
    };
    /** A terminal answers a beat by any byte on the same connection: its end of it is there. */
    const isSilent = (open: EventStream): boolean => {
      const bytes = open.bytesHeard();
      if (bytes !== heardBytes) answers = true;
      unanswered = bytes !== heardBytes ? 0 : unanswered + 1;
      heardBytes = bytes;
      return answers && unanswered > mostUnanswered;
    };
    /** Its certificate has ended, or the authority that signed it is no more. */
    const isOver = (): boolean =>
      sender.certificateExpiresAt <= now() || !deps.keys.authorities().has(sender.authority);
    const own: TerminalStream = {
      terminal,
      key: sender.key,
      hear: (heard, frame) => {
        if (heard.kind === 'trust' && isOver()) return own.end();
        if (held !== null) held.push({ heard, frame });
        else if (isNew(heard)) stream?.write(frame);
      },
      beat: (frame) => {
        if (stream === undefined || held !== null) return;
        if (isOver()) return stream.end();
        if (isSilent(stream)) {
          how = 'silent';
          return stream.cut();
        }
        stream.write(frame);
        if (nonceUntil <= now().getTime()) own.renewNonce();
      },
      renewNonce: () => {
        const before = nonce;
        nonce = deps.cards.giveNonce(terminal);
        nonceUntil = nextNonceAt(now());
        const given = { kind: 'nonce', nonce } as const;
        if (before !== null || nonce !== null) own.hear(given, toFrame(given));
      },
      toldDisabled: () => told,
      end: () => {
        over = true;
        stream?.end();
      },
    };
    // Heard from here on and held back, so that nothing falls between the catch-up and the stream.
    const remove = hub.addStream(own);
    const at = now();
    request.onClose(() => {
      over = true;
      remove();
      deps.leave({ terminal, at }, how);
    });
    const arrival = {
      terminal,
      at,
      address,
      clockOffsetMs: query.clock - at.getTime(),
      after: query.after,
      key: sender.key,
      trustVersion: query.trust ?? null,
    };
    const welcome = await deps.arrivals.add(arrival).catch((problem: unknown) => {
      remove();
      throw problem;
    });
    if (welcome === undefined) {
      remove();
      return fail('TERMINAL_REVOKED');
    }
    const opened = request.open();
    if (over) {
      // It left before it was noted as connected.
      deps.leave({ terminal, at }, how);
      opened.end();
      return succeed('open');
    }
    const { head, incarnation, lost, orders, missed, journals, disabled } = welcome;
    told = disabled;
    const revocationHead = orders.at(-1)?.number ?? head;
    // A terminal that knows more than we do (after a restore) still hears what is issued from now on.
    sent = orders.length > 0 ? query.after : revocationHead;
    const policy = terminalPolicyOf(deps.policy());
    const about = { serverTime: now().toISOString(), name, policy, revocationHead, incarnation, journals, nonce };
    const lostRevocations = lost.length === 0 ? undefined : [...lost];
    const hello: Pushed = {
      kind: 'hello',
      ...about,
      ...(lostRevocations && { lostRevocations }),
      ...(disabled && { disabled }),
    };
    const trust = deps.keys.trust();
    // Before the terminal counts as connected: what is signed for it from now on it can check.
    const changed: Pushed[] =
      query.trust === trust.trustVersion ? [] : [{ kind: 'trust', trust, spreadSeconds: spreadOver(hub) }];
    const first: Pushed[] = [
      ...changed,
      hello,
      ...orders.map((order) => ({ kind: 'revocation', order: markOrder(deps.secrets, order) }) as const),
      ...missed,
    ];
    await opened.writeAll(first.filter(isNew).map(toFrame));
    // What came while a long catch-up was read; then everything as it comes.
    for (let waiting = held; waiting.length > 0; waiting = held) {
      held = [];
      await opened.writeAll(waiting.flatMap(({ heard, frame }) => (isNew(heard) ? [frame] : [])));
    }
    held = null;
    heardBytes = opened.bytesHeard();
    stream = opened;
    if (over) opened.end();
    return succeed('open');
  },

  'console/stream': async (_input, { session }, request) => {
    const stream = request.open();
    stream.onClose(deps.hub.addWatcher({ session, hear: stream.send, keepAlive: stream.keepAlive, end: stream.end }));
    stream.send({ what: 'hello' });
    return succeed('open');
  },
});
