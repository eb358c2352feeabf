import { uptime } from 'node:os';
import { createKeychain } from './keychain.ts';
import type { Workstation } from './workstation.ts';

export const createWindows = (): Workstation => ({
  keychain: createKeychain(),
  createPeerUser: () => {
    throw new Error('There is no curtain for Windows yet.');
  },
  // To the minute; where the clock is set, it looks like another start, and the clock must not be behind what was seen.
  boot: String(Math.round((Date.now() - uptime() * 1_000) / 60_000)),
  keychainAdvice:
    'The Windows Credential Manager does not answer. Kazasu keeps its private key there and nowhere else.',
});
