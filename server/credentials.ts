import { randomBytes, timingSafeEqual } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { generateSecret, generateSync, generateURI } from 'otplib';
import { z } from 'zod';
import { normaliseDigits } from '#core/policy/digits.ts';
import type { HashCost, Sealed, Secrets } from './secrets.ts';

const hashed = z.strictObject({
  pepper: z.int().min(1),
  /** PHC string. */
  phc: z.string().regex(/^\$argon2id\$v=19\$m=\d+,t=\d+,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/),
});
/** A PIN or password as it is stored. */
export type Hashed = z.infer<typeof hashed>;

/** With exactly the cost of today; anything else was not written by this product. */
const isOfCost = ({ phc }: Hashed, { memory, passes }: HashCost): boolean =>
  phc.startsWith(`$argon2id$v=19$m=${memory},t=${passes},p=1$`);

/** What a stored hash says of a typed secret. `damaged`: it cannot be read or its key is gone; deny and alarm. */
export type HashVerdict = 'right' | 'wrong' | 'damaged';

export async function hashSecret(secrets: Secrets, secret: string): Promise<Hashed> {
  const pepper = secrets.pepper();
  if (!pepper) throw new Error('there is no pepper to hash with');
  const { memory: memoryCost, passes: timeCost } = secrets.hashCost;
  const phc = await hash(secret, { memoryCost, timeCost, parallelism: 1, secret: pepper.key });
  return { pepper: pepper.id, phc };
}

/** Whether the pepper has changed since a secret was hashed. */
export const isOldHash = (secrets: Secrets, stored: unknown): boolean => {
  const parsed = hashed.safeParse(stored);
  return parsed.success && parsed.data.pepper !== secrets.pepper()?.id;
};

/** `stored` comes from the database and is not trusted to be whole. */
export async function checkSecret(secrets: Secrets, stored: unknown, secret: string): Promise<HashVerdict> {
  const parsed = hashed.safeParse(stored);
  const pepper = parsed.success ? secrets.pepper(parsed.data.pepper) : undefined;
  if (!parsed.success || !pepper || !isOfCost(parsed.data, secrets.hashCost)) return 'damaged';
  try {
    return (await verify(parsed.data.phc, secret, { secret: pepper.key })) ? 'right' : 'wrong';
  } catch {
    return 'damaged';
  }
}

/** RFC 6238 as authenticator apps have it: HMAC-SHA-1, six digits, steps of 30 s. */
const totpStep = 30_000;
const totpDigits = 6;
/** One step either way (RFC 6238 5.2). */
const window = [-1, 0, 1];

/** 160 random bits (RFC 4226 4, R6), base32. */
export const makeTotpSeed = (): string => generateSecret({ length: 20 });

const sealedSeed = z.strictObject({ key: z.int().min(1), wrapped: z.string().optional(), text: z.string() });

/** Seeds are sealed to their person, or to the hash of their invitation. */
const aboutSeed = (owner: string): string => `totp:${owner}`;
export const sealSeed = (secrets: Secrets, seed: string, owner: string): Sealed => secrets.seal(seed, aboutSeed(owner));

/** Undefined when the stored value is damaged, belongs to somebody else, or its key is gone. */
export function tryOpenSeed(secrets: Secrets, stored: unknown, owner: string): string | undefined {
  const parsed = sealedSeed.safeParse(stored);
  return parsed.success ? secrets.tryOpen(parsed.data, aboutSeed(owner)) : undefined;
}

/** The same seed under the newest key; undefined where it does not open. */
export function tryResealSeed(secrets: Secrets, stored: unknown, owner: string): Sealed | undefined {
  const parsed = sealedSeed.safeParse(stored);
  return parsed.success ? secrets.tryReseal(parsed.data, aboutSeed(owner)) : undefined;
}

/** Key URI as authenticator apps scan it. */
export const totpUri = (seed: string, about: { readonly number: string; readonly name: string }): string =>
  generateURI({ issuer: 'Kazasu', label: `${about.name} (${about.number})`, secret: seed });

/**
 * The time step whose code was typed, by `now` (epoch milliseconds, the server's clock); undefined when it is none of
 * the three. All three are compared, whichever fits.
 */
export function matchTotp(seed: string, typed: string, now: number): number | undefined {
  const code = normaliseDigits(typed);
  const wellFormed = code !== undefined && code.length === totpDigits;
  const given = Buffer.from(wellFormed ? code : '------');
  const current = Math.floor(now / totpStep);
  let match: number | undefined;
  for (const distance of window) {
    const step = Math.max(0, current + distance);
    const expected = Buffer.from(generateSync({ secret: seed, epoch: (step * totpStep) / 1000, digits: totpDigits }));
    if (timingSafeEqual(given, expected)) match = step;
  }
  return match;
}

/** Letters and digits that nobody mistakes on the telephone: no 0 O, 1 I L, 2 Z, 5 S, 8 B, U V. */
const unmistakable = '34679ACDEFGHJKMNPQRTWXY';

/** Nine of 23 characters, 40.7 random bits, written XXX-XXX-XXX. */
export function makeSupportCode(): string {
  const text = unbiased(9);
  return `${text.slice(0, 3)}-${text.slice(3, 6)}-${text.slice(6)}`;
}

function unbiased(length: number): string {
  const fair = 256 - (256 % unmistakable.length);
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < fair && text.length < length) text += unmistakable[byte % unmistakable.length];
    }
  }
  return text;
}
