import type { Pushed } from '#contract/api/terminals.ts';
import type { JournalRecord } from '#contract/audit.ts';
import { fail } from '#contract/errors.ts';
import { type LockReason, lockReason } from '#contract/screen.ts';
import type { Link, LoginEvent } from '#core/login/state.ts';
import type { Clock } from './clock.ts';
import { createEndings, type Endings } from './endings.ts';
import { createHttp, type Http, type Reply, type Request, type TerminalRoute } from './http.ts';
import type { Identity } from './identity.ts';
import type { Log } from './log.ts';
import type { Position } from './position.ts';
import { type PushStream, startPushStream } from './push-stream.ts';
import { createReceipts, type Receipt } from './receipts.ts';
import type { Servers } from './servers.ts';
import { createUploads } from './uploads.ts';

export interface UplinkDeps {
  readonly servers: Servers;
  readonly clock: Clock;
  readonly position: Position;
  readonly onEvent: (event: LoginEvent) => void;
  readonly log: Log;
  readonly silence?: number;
}

/** Everything between this terminal and its server. */
export interface Uplink {
  readonly call: Http['call'];
  readonly endSession: Endings['end'];
  confirm(receipt: Receipt): void;
  /** Records that are durable here and have yet to be sent. */
  upload(records: readonly JournalRecord[]): void;
  /** Begins with an identity, or goes on with a new one. */
  use(identity: Identity): void;
  /** Who this terminal is, once it is admitted. */
  identity(): Identity | null;
  /** Tries at once to reach the server. */
  hurry(): void;
  stop(): Promise<void>;
}

/** A connection that is quiet for longer may be closed by the server or a firewall; a tap must not pay for a new one. */
const warmEvery = 20_000;

const lockReasonOf = (reason: string): LockReason => lockReason.safeParse(reason).data ?? 'server-ended';

export function createUplink(deps: UplinkDeps): Uplink {
  const { clock, log, onEvent, position } = deps;
  let identity: Identity | null = null;
  let http: Http | undefined;
  let stream: PushStream | undefined;
  let link: Link = 'starting';
  let terminal = '';

  async function call<Name extends TerminalRoute>(
    name: Name,
    request: Request<Name>,
    options = {},
  ): Promise<Reply<Name>> {
    return http === undefined ? (fail('SERVER_UNREACHABLE') as Reply<Name>) : http.call(name, request, options);
  }
  const uploads = createUploads({ call, position, log });
  const endings = createEndings({ call });
  const receipts = createReceipts({ call, position, log, privateKey: () => identity?.privateKey ?? '' });
  const warming = setInterval(() => {
    if (link === 'online') void http?.warm();
  }, warmEvery);

  function changeLink(next: Link): void {
    if (next === link) return;
    link = next;
    log.info('link', { link });
    onEvent({ kind: 'link-changed', link });
  }

  function take(message: Pushed): void {
    switch (message.kind) {
      case 'hello':
        clock.observe(message.serverTime);
        receipts.follow(message.revocationHead);
        terminal = message.name;
        onEvent({ kind: 'policy-changed', policy: message.policy, terminal });
        changeLink('online');
        uploads.resume();
        // Also where the link was never lost: the server may be another one.
        return void http?.warm();
      case 'beat':
        return clock.observe(message.serverTime);
      case 'policy':
        return onEvent({ kind: 'policy-changed', policy: message.policy, terminal });
      case 'revocation':
        if (receipts.take(message.order)) onEvent({ kind: 'revocation-ordered', order: message.order });
        return;
      case 'session-ended':
        return onEvent({
          kind: 'session-ended',
          session: message.session,
          reason: lockReasonOf(message.reason),
        });
      case 'ceremony':
        return onEvent({
          kind: 'ceremony-asked',
          order: message.order,
          endsAt: clock.toMoment(message.order.expiresAt),
        });
      case 'ceremony-cancelled':
        return onEvent({ kind: 'ceremony-cancelled', ceremony: message.ceremony });
    }
  }

  function currentIdentity(): Identity {
    if (identity === null) throw new Error('the terminal has no identity yet');
    return identity;
  }

  return {
    call,
    endSession: endings.end,
    confirm: receipts.confirm,
    upload: uploads.add,
    identity: () => identity,
    hurry: () => stream?.hurry(),
    use(next) {
      const before = http;
      identity = next;
      http = createHttp({ servers: deps.servers, authority: next.authority, identity: next, log });
      void before?.close();
      stream ??= startPushStream({
        servers: deps.servers,
        identity: currentIdentity,
        query: () => ({ after: position.get().revocation, clock: clock.wall().getTime() }),
        onPushed: take,
        onLink: changeLink,
        log,
        ...(deps.silence === undefined ? {} : { silence: deps.silence }),
      });
    },
    async stop() {
      clearInterval(warming);
      await endings.settled(link === 'online' ? 1_000 : 0);
      await uploads.flush(1_000);
      await Promise.all([uploads.stop(), endings.stop(), receipts.stop(), stream?.stop()]);
      await http?.destroy();
      await position.settled();
    },
  };
}
