import type { LogKeys } from '#contract/api/log.ts';
import { tryFromBase64 } from './base64.ts';
import {
  type Checkpoint,
  type CheckSignature,
  findEndorsed,
  findSigner,
  formatNoteKey,
  type NoteKey,
  tryParseCheckpoint,
  tryParseNote,
  tryParseNoteKey,
} from './checkpoint.ts';
import { isConsistent, isSameHash, type TreeHashes } from './merkle.ts';

/** What a witness keeps of a log: the newest checkpoint that it agreed with, and the keys that it believes. */
export interface Witnessed {
  readonly checkpoint: string;
  readonly keys: readonly string[];
  /** Names that the log had before this one. */
  readonly former?: readonly string[];
}

/** What it is shown. `proof`: how the log grew from the size that it keeps. */
export interface Shown extends LogKeys {
  readonly checkpoint: string | null;
  readonly proof: readonly string[];
}

export type Fork =
  /** No key that is believed has signed it. */
  | 'signature'
  /** It has fewer lines than before. */
  | 'smaller'
  /** Another root for the same lines. */
  | 'root'
  /** It does not go on from what was there. */
  | 'growth'
  /** It has a name again that it had given up: nobody but who shows two histories goes back to one. */
  | 'former';

export type Judgement =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'agreed'; readonly next: Witnessed }
  /** Of another incarnation of the server, by a key that is believed: it was restored, or says so. */
  | { readonly kind: 'begun-anew'; readonly next: Witnessed; readonly before: Checkpoint; readonly now: Checkpoint }
  | { readonly kind: 'forked'; readonly why: Fork; readonly before: Checkpoint; readonly size: number };

const read = (note: string): Checkpoint | undefined => tryParseCheckpoint(tryParseNote(note)?.text ?? '');
const keysOf = (lines: readonly string[]): NoteKey[] => lines.map(tryParseNoteKey).filter((key) => key !== undefined);

/** Holds a log against what was seen of it before. The first one that is seen is believed, with its keys. */
export const judge = (
  seen: Witnessed | null,
  shown: Shown,
  { hashes, check }: { readonly hashes: TreeHashes; readonly check: CheckSignature },
): Judgement => {
  const before = seen === null ? undefined : read(seen.checkpoint);
  const fork = (why: Fork, size: number): Judgement =>
    before === undefined ? { kind: 'nothing' } : { kind: 'forked', why, before, size };
  if (shown.checkpoint === null) return fork('smaller', 0);
  const believed = findEndorsed(keysOf(seen?.keys ?? shown.keys), shown.endorsements, check);
  const note = tryParseNote(shown.checkpoint);
  const now = note && tryParseCheckpoint(note.text);
  const signer = note && findSigner(note, believed, check).signer;
  if (now === undefined || signer === undefined || signer.name !== now.origin) return fork('signature', now?.size ?? 0);
  const former = seen?.former ?? [];
  const next: Witnessed = { checkpoint: shown.checkpoint, keys: believed.map(formatNoteKey), former };
  if (before === undefined) return { kind: 'agreed', next };
  if (former.includes(now.origin)) return fork('former', now.size);
  if (now.origin !== before.origin)
    return { kind: 'begun-anew', next: { ...next, former: [...former, before.origin] }, before, now };
  if (now.size < before.size) return fork('smaller', now.size);
  if (now.size === before.size)
    return isSameHash(now.root, before.root) ? { kind: 'agreed', next } : fork('root', now.size);
  const proof = shown.proof.map(tryFromBase64).filter((hash) => hash !== undefined);
  const given = { first: before.size, second: now.size, firstRoot: before.root, secondRoot: now.root, proof };
  return isConsistent(hashes, given) ? { kind: 'agreed', next } : fork('growth', now.size);
};
