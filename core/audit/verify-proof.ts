import { utf8ToBytes } from '@noble/hashes/utils.js';
import {
  type EventProofFault,
  eventProof,
  type GrowthProofFault,
  growthProof,
  type LogKeys,
} from '#contract/api/log.ts';
import { tryFromBase64 } from './base64.ts';
import {
  type Checkpoint,
  findEndorsed,
  findSigner,
  type NoteKey,
  tryParseCheckpoint,
  tryParseNote,
  tryParseNoteKey,
} from './checkpoint.ts';
import { type Hash, isConsistent, isIncluded, isSameHash } from './merkle.ts';
import type { ExportVerifierDeps } from './verify-export.ts';

/** Where no keys are believed, those that the proof names are. */
export type ProofDeps = Pick<ExportVerifierDeps, 'hashes' | 'check' | 'believed'>;

interface Held {
  readonly ok: true;
  readonly checkpoint: Checkpoint;
  readonly signer: NoteKey;
}
export type EventVerdict =
  | (Held & { readonly position: number; readonly line: string })
  | { readonly ok: false; readonly fault: EventProofFault };
export type GrowthVerdict =
  | (Held & { readonly kept: Checkpoint })
  | { readonly ok: false; readonly fault: GrowthProofFault };

const refuse = <Fault>(fault: Fault): { readonly ok: false; readonly fault: Fault } => ({ ok: false, fault });

const keysOf = ({ keys, endorsements }: LogKeys, { believed, check }: ProofDeps): readonly NoteKey[] =>
  findEndorsed(
    believed.length > 0 ? believed : keys.map(tryParseNoteKey).filter((key) => key !== undefined),
    endorsements,
    check,
  );

interface Opened {
  readonly checkpoint: Checkpoint;
  readonly signer: NoteKey | undefined;
  readonly isForged: boolean;
}

/** What the note says and who has signed it; undefined where it is no checkpoint. */
const tryOpen = (text: string, keys: readonly NoteKey[], { check }: ProofDeps): Opened | undefined => {
  const note = tryParseNote(text);
  const checkpoint = note && tryParseCheckpoint(note.text);
  if (note === undefined || checkpoint === undefined) return undefined;
  const { signer, isForged } = findSigner(note, keys, check);
  return { checkpoint, signer: signer?.name === checkpoint.origin ? signer : undefined, isForged };
};

/** Undefined where one of them is none; the schema has looked at their shape alone. */
const tryReadHashes = (texts: readonly string[]): readonly Hash[] | undefined => {
  const hashes = texts.map(tryFromBase64).filter((hash) => hash !== undefined);
  return hashes.length === texts.length ? hashes : undefined;
};

/** Whether the log of the checkpoint holds the line. `file` is an `EventProof` or anything else. */
export const verifyEventProof = (file: unknown, deps: ProofDeps): EventVerdict => {
  const parsed = eventProof.safeParse(file);
  if (!parsed.success) return refuse('unreadable');
  const { position, line, leaf: said, proof: path, checkpoint: note } = parsed.data;
  const opened = tryOpen(note, keysOf(parsed.data, deps), deps);
  const [leaf, ...proof] = tryReadHashes([said, ...path]) ?? [];
  if (opened === undefined || leaf === undefined) return refuse('unreadable');
  const { checkpoint, signer } = opened;
  if (signer === undefined) return refuse('signature');
  if (!isSameHash(deps.hashes.leaf(utf8ToBytes(line)), leaf)) return refuse('changed');
  const { size, root } = checkpoint;
  if (!isIncluded(deps.hashes, { index: position, size, leaf, proof, root })) return refuse('root');
  return { ok: true, checkpoint, signer, position, line };
};

/** Whether the log of the checkpoint begins with that of the kept one. `file` is a `GrowthProof` or anything else. */
export const verifyGrowthProof = (file: unknown, deps: ProofDeps): GrowthVerdict => {
  const parsed = growthProof.safeParse(file);
  if (!parsed.success) return refuse('unreadable');
  const keys = keysOf(parsed.data, deps);
  const before = tryOpen(parsed.data.kept, keys, deps);
  const now = tryOpen(parsed.data.checkpoint, keys, deps);
  const proof = tryReadHashes(parsed.data.proof);
  if (before === undefined || now === undefined || proof === undefined) return refuse('unreadable');
  const { checkpoint, signer } = now;
  const { checkpoint: kept } = before;
  if (before.isForged) return refuse('kept-signature');
  if (before.signer === undefined) return refuse('kept-key');
  if (signer === undefined) return refuse('signature');
  if (kept.size > checkpoint.size) return refuse('larger');
  const given = { first: kept.size, second: checkpoint.size, firstRoot: kept.root, secondRoot: checkpoint.root, proof };
  return isConsistent(deps.hashes, given) ? { ok: true, checkpoint, signer, kept } : refuse('root');
};
