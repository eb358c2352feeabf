import type { Socket } from 'node:net';
import type { Keychain } from './keychain.ts';

/** What the guard asks of the operating system. */
export interface Workstation {
  readonly keychain: Keychain;
  /** What an engineer reads when the keychain does not answer. */
  readonly keychainAdvice: string;
  /** The user at the other end of a local socket; `undefined` when it cannot be told. Throws where nothing can tell it. */
  readonly createPeerUser: () => (socket: Socket) => number | undefined;
  /**
   * From now on whoever watches a file beside this socket is told at once when this process has ended, before its socket is
   * closed. Throws where it cannot be; the socket tells all the same.
   */
  readonly holdLife: (socket: string) => void;
  /** Words before a program that make it run as this user and with that user's groups. Throws where there is no such user. */
  readonly asUser: (user: string) => Promise<readonly string[]>;
  /** Another one after each start of the machine. */
  readonly boot: string;
}
