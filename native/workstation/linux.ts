import { readFileSync } from 'node:fs';
import { asUser } from './as-user.ts';
import { createKeychain } from './keychain.ts';
import { holdLife } from './life.ts';
import { createPeerUser } from './peer.ts';
import type { Workstation } from './workstation.ts';

export const createLinux = (): Workstation => ({
  createPeerUser,
  holdLife,
  asUser,
  keychain: createKeychain(),
  boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
  keychainAdvice:
    'No keychain answers. Kazasu keeps its private key in the Secret Service (gnome-keyring or KWallet) on the session bus and nowhere else: start one, unlock it, and start the guard with DBUS_SESSION_BUS_ADDRESS set.',
});
