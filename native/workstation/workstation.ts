import type { Keychain } from './keychain.ts';

/** What the guard asks of the operating system. */
export interface Workstation {
  readonly keychain: Keychain;
  /** What an engineer reads when the keychain does not answer. */
  readonly keychainAdvice: string;
}
