import { uptime } from 'node:os';
import { createKeychain } from './keychain.ts';
import type { Workstation } from './workstation.ts';

export const createWindows = (): Workstation => ({
  keychain: createKeychain(),
  createPeerUser: () => {
    throw new Error('There is no curtain for Windows yet.');
  },
  holdLife: () => {
    throw new Error('There is no curtain for Windows yet.');
  },
  asUser: async () => {
    throw new Error('Hooks run as the user of the guard on Windows: leave `user` out of their file.');
  },
  // To the minute; where the clock is set, it looks like another start, and the clock must not be behind what was seen.
  boot: String(Math.round((Date.now() - uptime() * 1_000) / 60_000)),
  keychainAdvice:
    'The Windows Credential Manager does not answer. Kazasu keeps its private key there and nowhere else.',
});
