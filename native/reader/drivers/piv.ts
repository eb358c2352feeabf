import type { CardChallenge, CardEvidence, CardProof } from '#contract/card.ts';
import { success } from '#core/card/apdu.ts';
import { challengeBlock } from '#core/card/challenge.ts';
import {
  authenticate,
  getCardCertificate,
  isPivAnswer,
  parseAuthentication,
  parseCardCertificate,
  selectPiv,
} from '#core/card/piv.ts';
import { type CardKey, tryReadCardKey } from './card-key.ts';
import { askIdentifier, judgeIdentifier } from './contactless.ts';
import { type CardChannel, type CardDriver, type Exchange, type Misreading, misread, misreadOf } from './driver.ts';
import { transmitWhole } from './whole.ts';

/** Most bytes of an answer: to SELECT, with a certificate, with a signature. */
const longest = { selected: 1_024, certificate: 8_192, signature: 1_024 } as const;

/**
 * PIV by its card authentication key (SP 800-73-5, key 9E), which needs no PIN: the card is its key, and proves it by a
 * signature. Its UID may change at every read and is none of its identity. Without a PIV application, a certificate or a
 * key that a proof is taken of it is left to the other drivers.
 */
export const piv: CardDriver = {
  name: 'piv',
  claims: (atr) => atr.kind !== 'storage',
  async identify(channel, settings) {
    if (settings.challenge === null) return undefined;
    const selected = await transmitWhole(channel, selectPiv, longest.selected);
    if (!selected.ok) return selected.reason === 'failed' ? undefined : misreadOf(selected.reason);
    if (selected.reply.status !== success || !isPivAnswer(selected.reply.data)) return undefined;
    // Asked for now, so that it comes while the card gives its certificate.
    const challenge = settings.challenge();
    const key = await readKey(channel);
    if (key === undefined || 'kind' in key) return key;
    const { algorithm, fingerprint: identifier } = key;
    if (algorithm === undefined) return undefined;
    const card: CardEvidence = { technology: 'piv', identifier, ...(await readUid(channel)), assurance: 'identifier' };
    const given = await challenge;
    // The server says no, and why is in its log.
    if (given === undefined) return { kind: 'card', card };
    const proof = await prove(channel, { ...key, algorithm }, given);
    return 'reason' in proof ? proof : { kind: 'card', card: { ...card, assurance: 'pki', proof } };
  },
};

/** Undefined: it has no certificate for card authentication. */
async function readKey(channel: CardChannel): Promise<CardKey | Misreading | undefined> {
  const read = await transmitWhole(channel, getCardCertificate, longest.certificate);
  if (!read.ok) return misreadOf(read.reason);
  if (read.reply.status !== success) return undefined;
  const certificate = parseCardCertificate(read.reply.data);
  return (certificate && tryReadCardKey(certificate)) ?? misread('unreadable');
}

/** Under its UID a card may be enrolled from the time before anybody asked for proofs. */
async function readUid(channel: CardChannel): Promise<{ uid?: string }> {
  if (channel.atr.kind !== 'processor' || channel.atr.technology !== 'iso14443a') return {};
  const judged = judgeIdentifier('iso14443a', await askIdentifier(channel));
  return judged.kind === 'card' ? { uid: judged.card.identifier } : {};
}

async function prove(
  channel: CardChannel,
  { certificate, algorithm }: CardKey & { readonly algorithm: CardProof['algorithm'] },
  challenge: CardChallenge,
): Promise<CardProof | Misreading> {
  const began = channel.now();
  const answered = await transmitChain(channel, authenticate(algorithm, challengeBlock(algorithm, challenge)));
  if (!answered.ok) return misreadOf(answered.reason);
  const signature = answered.reply.status === success ? parseAuthentication(answered.reply.data) : undefined;
  if (signature === undefined) return misread('unreadable');
  return {
    kind: 'piv-9e',
    certificate: Buffer.from(certificate).toString('base64url'),
    algorithm,
    nonce: challenge.nonce,
    signature: Buffer.from(signature).toString('base64url'),
    milliseconds: channel.now() - began,
  };
}

/** Commands of a chain, each after the one before was taken; the last one brings the answer. */
async function transmitChain(channel: CardChannel, commands: readonly Uint8Array[]): Promise<Exchange> {
  for (const command of commands.slice(0, -1)) {
    const taken = await channel.transmit(command);
    if (!taken.ok || taken.reply.status !== success) return taken;
  }
  return transmitWhole(channel, commands.at(-1) ?? new Uint8Array(), longest.signature);
}
