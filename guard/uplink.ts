import type { Pushed, RevocationOrder, Trust } from '#contract/api/terminals.ts';
import type { JournalRecord } from '#contract/audit.ts';
import type { GivenNonce } from '#contract/card.ts';
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
import { signText } from './signing.ts';
import { createToldRevocations } from './told-revocations.ts';
import { createTrustKeeper } from './trust-keeper.ts';
import { createUploads, type UploadsDeps } from './uploads.ts';

export interface UplinkDeps {
  readonly servers: Servers;
  readonly clock: Clock;
  readonly position: Position;
  readonly onEvent: (event: LoginEvent) => void;
  /** Keeps what the terminal trusts; resolves to true when it is durable. */
  readonly keepTrust: (trust: Trust) => Promise<boolean>;
  /** The server takes the certificate no more. */
  readonly onLapsed: () => void;
  /** What is still on the disk of the journal. */
  readonly rereadJournal: UploadsDeps['reread'];
  /** What of it the server has lost for good. */
  readonly onMissing: UploadsDeps['onMissing'];
  /** File of the revocations that the terminal was told. */
  readonly revocationsPath: string;
  /** The server has said what it has: what it has confirmed for long may go. */
  readonly onTold?: (serverTime: string) => void;
  /** What the terminal trusts has changed; what that asks of it comes within so many seconds. */
  readonly onTrust: (spreadSeconds: number) => void;
  /** For the next card; null: no card is asked for a proof. */
  readonly onNonce: (given: GivenNonce | null) => void;
  /** Milliseconds since the machine was switched on, with the time that it slept. */
  readonly upTime: () => number;
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
  /** Such as may lie before numbers that the server has confirmed. */
  uploadLate(records: readonly JournalRecord[]): void;
  /** Begins with an identity, or goes on with a new one: what is under way ends with the one before. */
  use(identity: Identity): void;
  /** The server does not renew the certificate of this terminal either. */
  refuse(link: 'terminal-revoked' | 'not-enrolled'): void;
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
  /** What it means when the server takes the certificate no more. */
  let lapsed: 'terminal-revoked' | 'not-enrolled' = 'not-enrolled';
  let terminal = '';
  /** Of the server, as it said last. */
  let incarnation: string | undefined;

  async function call<Name extends TerminalRoute>(
    name: Name,
    request: Request<Name>,
    options = {},
  ): Promise<Reply<Name>> {
    if (http === undefined) return fail('SERVER_UNREACHABLE') as Reply<Name>;
    const reply = await http.call(name, request, options);
    // It counts at once: the stream, which says so too, may be held up on its way.
    if (!reply.ok && reply.failure.code === 'TERMINAL_REVOKED') changeLink('terminal-revoked');
    return reply;
  }
  const uploads = createUploads({
    call,
    position,
    reread: deps.rereadJournal,
    onMissing: deps.onMissing,
    incarnation: () => incarnation,
    sign: (text) => signText(text, identity?.privateKey ?? ''),
    onRestored: () => stream?.renew(),
    log,
  });
  const endings = createEndings({ call });
  const receipts = createReceipts({ call, position, log, privateKey: () => identity?.privateKey ?? '' });
  const told = createToldRevocations({ path: deps.revocationsPath, call, log });
  const trustKeeper = createTrustKeeper({ call, keep: deps.keepTrust });
  const warming = setInterval(() => {
    if (link === 'online') void http?.warm();
  }, warmEvery);

  function changeLink(next: Link): void {
    if (next === link) return;
    link = next;
    log.info('link', { link });
    onEvent({ kind: 'link-changed', link });
  }

  function take(message: Pushed, fresh: boolean): void {
    switch (message.kind) {
      case 'hello':
        clock.observe(message.serverTime, fresh);
        receipts.follow(message.revocationHead);
        told.follow({ head: message.revocationHead, lost: message.lostRevocations ?? [] });
        terminal = message.name;
        incarnation = message.incarnation;
        deps.onNonce(message.nonce);
        onEvent({ kind: 'policy-changed', policy: message.policy, terminal });
        changeLink(message.disabled ? 'terminal-revoked' : 'online');
        uploads.follow(message.journals);
        uploads.resume();
        deps.onTold?.(message.serverTime);
        // Also where the link was never lost: the server may be another one.
        return void http?.warm();
      case 'beat':
        return clock.observe(message.serverTime);
      case 'trust':
        return takeTrust(message.trust, message.spreadSeconds);
      case 'nonce':
        return deps.onNonce(message.nonce);
      case 'policy':
        return onEvent({ kind: 'policy-changed', policy: message.policy, terminal });
      case 'revocation':
        told.keep(message.order);
        return obey(message.order);
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

  function obey(order: RevocationOrder): void {
    if (!receipts.take(order)) return;
    // Every terminal hears of one that is shut out: nothing changes at the others.
    if (order.what !== 'terminal' || order.subject === identity?.terminal)
      return onEvent({ kind: 'revocation-ordered', order });
    receipts.confirm({ number: order.number, receivedAt: clock.wall().toISOString(), lockedAt: null });
  }

  /** It counts at once: a grant that comes next may be signed by a key that is new in it. */
  function takeTrust(trust: Trust, spreadSeconds: number): void {
    if (identity === null) return;
    const { authority } = identity;
    identity = { ...identity, ...trust };
    if (authority !== trust.authority) void connect(identity);
    trustKeeper.take(trust, spreadSeconds);
    deps.onTrust(spreadSeconds);
  }

  /** Calls go over connections of this identity from now on. Resolves when those of the one before have ended. */
  async function connect(next: Identity): Promise<void> {
    const before = http;
    http = createHttp({ servers: deps.servers, authority: next.authority, identity: next, log });
    if (link === 'online') void http.warm();
    await before?.close();
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
    uploadLate: uploads.addLate,
    identity: () => identity,
    hurry: () => stream?.hurry(),
    use(next) {
      identity = next;
      lapsed = 'not-enrolled';
      // The stream last: its first use of a new key ends the old one.
      void connect(next).then(() => stream?.renew());
      stream ??= startPushStream({
        servers: deps.servers,
        identity: currentIdentity,
        query: () => ({
          after: position.get().revocation,
          clock: clock.wall().getTime(),
          trust: currentIdentity().trustVersion,
        }),
        onPushed: take,
        onLink: (next) => changeLink(next === 'not-enrolled' ? lapsed : next),
        onLapsed: deps.onLapsed,
        upTime: deps.upTime,
        log,
        ...(deps.silence === undefined ? {} : { silence: deps.silence }),
      });
    },
    refuse(next) {
      lapsed = next;
      if (link === 'not-enrolled' || link === 'terminal-revoked') changeLink(next);
    },
    async stop() {
      clearInterval(warming);
      await endings.settled(link === 'online' ? 1_000 : 0);
      await uploads.flush(1_000);
      await Promise.all([uploads.stop(), endings.stop(), receipts.stop(), trustKeeper.stop(), stream?.stop()]);
      await told.stop();
      await http?.destroy();
      await position.stop();
    },
  };
}
