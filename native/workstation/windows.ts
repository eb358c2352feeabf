import { createKeychain } from './keychain.ts';
import type { Workstation } from './workstation.ts';

export const createWindows = (): Workstation => ({
  keychain: createKeychain(),
  createPeerUser: () => {
    throw new Error('There is no curtain for Windows yet.');
  },
  keychainAdvice:
    'The Windows Credential Manager does not answer. Kazasu keeps its private key there and nowhere else.',
});
