import type { CookieSerializeOptions } from '@fastify/cookie';
import type { Answer, Api, GateFailure, Input, RouteName, RowFailure } from '#contract/api/index.ts';
import type { Role } from '#contract/api/row.ts';
import type { Result } from '#contract/errors.ts';
import type { DirectoryClientId, PersonId, TerminalId } from '#contract/ids.ts';

export interface Anyone {
  readonly kind: 'anyone';
  readonly address: string;
  /** Hash of the console cookie that came along, of whatever session; null when there was none. */
  readonly held: Buffer | null;
}
export interface TerminalSender {
  readonly kind: 'terminal';
  readonly terminal: TerminalId;
  readonly name: string;
  /** Public key of the certificate that this connection was made with: SPKI, DER. */
  readonly publicKey: () => Buffer;
  /** SHA-256 of it. */
  readonly key: Buffer;
  /** Number of the authority that signed the certificate. */
  readonly authority: number;
  /** Past where a row takes lapsed certificates. */
  readonly certificateExpiresAt: Date;
  readonly address: string;
}
export interface ConsoleSender {
  readonly kind: 'console';
  readonly session: string;
  readonly person: PersonId;
  readonly roles: readonly Role[];
  /** The terminal whose window it is; null in a browser. */
  readonly terminal: TerminalId | null;
  /** True where a page asks by itself, with nobody at it. */
  readonly unasked: boolean;
  readonly address: string;
}
/** A system that keeps people by SCIM. */
export interface DirectorySender {
  readonly kind: 'directory';
  readonly client: DirectoryClientId;
  readonly name: string;
  readonly address: string;
}
export type Sender = Anyone | TerminalSender | ConsoleSender | DirectorySender;

export type SenderOf<Name extends RouteName> = Api[Name]['sender'] extends 'anyone'
  ? Anyone
  : Api[Name]['sender'] extends 'terminal'
    ? TerminalSender
    : Api[Name]['sender'] extends 'directory'
      ? DirectorySender
      : ConsoleSender;

export interface Reply {
  setCookie(name: string, value: string, options: CookieSerializeOptions): void;
  /** With an entity tag a GET that asks for a newer version is answered 304 (RFC 9110 13.1.2). */
  setHeader(name: 'etag' | 'location', value: string): void;
}

export type StreamName = 'terminals/stream' | 'console/stream';
export type HandledName = Exclude<RouteName, StreamName>;

/** Gets what the gate let through; expected failures are values, a throw is a bug. */
export type Handler<Name extends HandledName> = (
  input: Input<Name>,
  sender: SenderOf<Name>,
  reply: Reply,
) => Promise<Result<Answer<Name>, RowFailure<Name> | GateFailure>>;

/** An open stream of server-sent events. */
export interface EventStream {
  send(data: object): void;
  /** Sends what `toFrame` made. */
  write(frame: Buffer): void;
  /** The same for many, no faster than they are read. */
  writeAll(frames: readonly Buffer[]): Promise<void>;
  /** A comment, which says nothing. */
  keepAlive(): void;
  /** What the other side has sent on this connection so far. */
  bytesHeard(): number;
  end(): void;
  /** Ends the connection of a side that is not there any more. */
  cut(): void;
  onClose(closed: () => void): void;
}

/** A request for a stream: until it is opened, it may be refused like any other. */
export interface StreamRequest {
  open(): EventStream;
  onClose(closed: () => void): void;
}

/** A throw ends the stream, or is answered where it is not open yet. */
export type StreamHandler<Name extends StreamName> = (
  input: Input<Name>,
  sender: SenderOf<Name>,
  request: StreamRequest,
) => Promise<Result<'open', GateFailure>>;

export type StreamHandlers = { readonly [Name in StreamName]: StreamHandler<Name> };

export type Handlers = { readonly [Name in HandledName]: Handler<Name> };
