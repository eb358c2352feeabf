import type { Page } from 'playwright';

/** An authenticator of Chromium's own, plugged into one page (Chrome DevTools Protocol, domain WebAuthn). */
export interface VirtualAuthenticator {
  /** Whether its owner shows finger, face or PIN when they are asked for it. */
  verifies(owner: boolean): Promise<void>;
  /** What it holds; `signCount` goes up at each use. */
  credentials(): Promise<readonly { readonly credentialId: string; readonly signCount: number }[]>;
  /** Sets its counter back, as that of a copy would be. */
  setBack(): Promise<void>;
  /** Unplugged, with all that it holds; `plugIn` brings it back. */
  unplug(): Promise<void>;
  plugIn(): Promise<void>;
}

export async function plugInAuthenticator(page: Page): Promise<VirtualAuthenticator> {
  const devTools = await page.context().newCDPSession(page);
  await devTools.send('WebAuthn.enable');
  const plug = async (): Promise<string> => {
    const { authenticatorId } = await devTools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return authenticatorId;
  };
  let authenticatorId = await plug();
  const list = async () => (await devTools.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
  let held: Awaited<ReturnType<typeof list>> = [];
  const fill = async (): Promise<void> => {
    for (const credential of held) await devTools.send('WebAuthn.addCredential', { authenticatorId, credential });
  };
  return {
    verifies: async (isUserVerified) => {
      await devTools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
    },
    credentials: list,
    setBack: async () => {
      held = (await list()).map((credential) => ({ ...credential, signCount: 1 }));
      await devTools.send('WebAuthn.clearCredentials', { authenticatorId });
      await fill();
    },
    unplug: async () => {
      held = await list();
      await devTools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
    },
    plugIn: async () => {
      authenticatorId = await plug();
      await fill();
    },
  };
}
