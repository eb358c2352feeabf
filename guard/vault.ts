import { mkdir, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Admission } from '#contract/api/terminals.ts';
import { fail, type Result, succeed } from '#contract/errors.ts';
import { type Identity, joinIdentity } from './identity.ts';
import { replaceFile } from './journal-file.ts';
import { codeOf, type Log } from './log.ts';

/** The operating system's keychain, as it is given to the guard. Each call throws where there is none. */
export interface Keychain {
  tryRead(account: string): Promise<string | undefined>;
  write(account: string, secret: string): Promise<void>;
}

export interface VaultDeps {
  readonly folder: string;
  readonly keychain: Keychain;
  readonly log: Log;
}

/** Keeps who this terminal is. The private key is in the keychain alone; there is no file to fall back to. */
export interface Vault {
  /** `null` where the terminal was never enrolled or what is kept does not fit together; INTERNAL where no keychain answers. */
  load(): Promise<Result<Identity | null, 'INTERNAL'>>;
  save(admitted: Admission, privateKey: string): Promise<Result<Identity, 'INTERNAL'>>;
}

export async function createVault(deps: VaultDeps): Promise<Vault> {
  await mkdir(deps.folder, { recursive: true, mode: 0o700 });
  const path = join(deps.folder, 'terminal.json');
  const account = `terminal ${await realpath(deps.folder)}`;

  async function readAdmission(): Promise<unknown> {
    try {
      return JSON.parse(await readFile(path, 'utf8'));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') deps.log.warn('admission-unreadable', { code: codeOf(error) });
      return undefined;
    }
  }

  return {
    async load() {
      let key: string | undefined;
      try {
        key = await deps.keychain.tryRead(account);
      } catch (error) {
        deps.log.error('keychain-absent', { code: codeOf(error) });
        return fail('INTERNAL');
      }
      const admitted = await readAdmission();
      if (admitted === undefined || key === undefined) return succeed(null);
      const identity = joinIdentity(admitted, key);
      if (identity === null) deps.log.warn('identity-broken');
      return succeed(identity);
    },
    async save(admitted, privateKey) {
      const identity = joinIdentity(admitted, privateKey);
      if (identity === null) {
        deps.log.error('admission-foreign');
        return fail('INTERNAL');
      }
      try {
        await deps.keychain.write(account, privateKey);
        await replaceFile(path, `${JSON.stringify(admitted, null, 2)}\n`);
      } catch (error) {
        deps.log.error('identity-not-kept', { code: codeOf(error) });
        return fail('INTERNAL');
      }
      return succeed(identity);
    },
  };
}
