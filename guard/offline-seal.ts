import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { hashRaw } from '@node-rs/argon2';
import type { CardEvidence } from '#contract/card.ts';
import type { TerminalSecret } from './terminal-secret.ts';

/** A guess costs this much memory and time even for somebody who has the disk, the keychain and the card. */
export const argon2Cost = { memoryCost: 65_536, timeCost: 3, parallelism: 1 } as const;

type Card = Pick<CardEvidence, 'technology' | 'systemCode' | 'identifier'>;
const textOf = ({ technology, systemCode = '', identifier }: Card): string =>
  `${technology} ${systemCode} ${identifier}`;

/** Everything that needs the terminal's secret to keep somebody's login for a time without the server. */
export interface OfflineSeal {
  /** Finds a card again and tells nothing of it. */
  indexOf(card: Card): string;
  /** Opens with this terminal's secret and the card alone: whom to greet. */
  sealGreeting(card: Card, salt: Buffer, text: string): string;
  tryOpenGreeting(card: Card, salt: Buffer, sealed: string): string | undefined;
  /** Opens with the PIN too. Wipes neither; the caller owns the digits. */
  sealVerifier(card: Card, salt: Buffer, pin: Buffer): Promise<string>;
  isPin(card: Card, salt: Buffer, sealed: string, pin: Buffer): Promise<boolean>;
}

const verified = 'kazasu pin';

export function createOfflineSeal(secret: TerminalSecret): OfflineSeal {
  const [index, greeting, verifier] = [
    secret.key('offline index'),
    secret.key('offline greeting'),
    secret.key('offline verifier'),
  ];
  const greetingKey = (card: Card, salt: Buffer): Buffer =>
    Buffer.from(hkdfSync('sha256', greeting, salt, textOf(card), 32));

  /** Argon2id(PIN) ‖ card identifier ‖ terminal secret, drawn together by HKDF. */
  async function verifierKey(card: Card, salt: Buffer, pin: Buffer): Promise<Buffer> {
    const slow = await hashRaw(pin, { ...argon2Cost, salt, outputLen: 32 });
    const all = Buffer.concat([slow, createHash('sha256').update(textOf(card)).digest(), verifier]);
    const key = Buffer.from(hkdfSync('sha256', all, salt, 'kazasu offline verifier', 32));
    all.fill(0);
    return key;
  }

  return {
    indexOf: (card) => createHmac('sha256', index).update(textOf(card)).digest('base64url'),
    sealGreeting: (card, salt, text) => seal(greetingKey(card, salt), text),
    tryOpenGreeting: (card, salt, sealed) => tryOpen(greetingKey(card, salt), sealed),
    sealVerifier: async (card, salt, pin) => seal(await verifierKey(card, salt, pin), verified),
    isPin: async (card, salt, sealed, pin) => tryOpen(await verifierKey(card, salt, pin), sealed) === verified,
  };
}

/** AES-256-GCM: nonce, ciphertext and tag, base64url. */
function seal(key: Buffer, plain: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
    'base64url',
  );
}

function tryOpen(key: Buffer, sealed: string): string | undefined {
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length < 28) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAuthTag(bytes.subarray(-16));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}
