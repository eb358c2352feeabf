import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import {
  formatEndorsement,
  formatNote,
  formatNoteKey,
  isSameKey,
  type NoteKey,
  tryParseNoteKey,
} from '#core/audit/checkpoint.ts';
import { inOrder, type KeyRings, type StoredKey } from '../key-ring.ts';
import type { Transaction } from '../store/database.ts';
import { listLogKeys, saveLogKey } from '../store/log-tree.ts';

export type Signer = NoteKey & { readonly sign: (bytes: Uint8Array) => Uint8Array };

/** Names a log: that of one incarnation of the server. */
export const originOf = (incarnation: { readonly id: string }): string => `kazasu/log/${incarnation.id}`;

const signerOf = (name: string, { key }: StoredKey): Signer => {
  const own = createPrivateKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(own).export({ type: 'spki', format: 'der' });
  return { name, key: new Uint8Array(spki.subarray(-32)), sign: (bytes) => sign(null, bytes, own) };
};

const ringOf = (rings: KeyRings): [StoredKey, ...StoredKey[]] => {
  if (rings.log === undefined) throw new Error('there is no key for the log');
  return inOrder(rings.log);
};

/** The key that signs the checkpoints of this log now. */
export const openSigner = (rings: KeyRings, name: string): Signer => signerOf(name, ringOf(rings)[0]);

/**
 * Sees to it that everybody who believed the key before can believe this one. False where none of the keys that ever signed
 * is ours: then it is another's log, or our keys are another's.
 */
export const introduce = async (tx: Transaction, rings: KeyRings, signer: Signer): Promise<boolean> => {
  const known = await listLogKeys(tx);
  const line = formatNoteKey(signer);
  if (known.some(({ key }) => key === line)) return true;
  if (known.length === 0) {
    await saveLogKey(tx, line, null);
    return true;
  }
  const held = ringOf(rings);
  for (const { key } of known.toReversed()) {
    const before = tryParseNoteKey(key);
    const own = before && held.map((one) => signerOf(before.name, one)).find((one) => isSameKey(one, before));
    if (own === undefined) continue;
    await saveLogKey(tx, line, formatNote(formatEndorsement(signer), [own]));
    return true;
  }
  return false;
};
