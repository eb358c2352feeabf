import { utf8ToBytes } from '@noble/hashes/utils.js';
import { exportHeader } from '#contract/api/log.ts';
import { tryFromBase64 } from './base64.ts';
import {
  type Checkpoint,
  type CheckSignature,
  findEndorsed,
  findSigner,
  type NoteKey,
  tryParseCheckpoint,
  tryParseNote,
  tryParseNoteKey,
} from './checkpoint.ts';
import { hasAt, isEventLine, isStray, tryParseExported } from './export.ts';
import { type GrowingTree, growTree, isSameHash, type TreeHashes } from './merkle.ts';
import { decodeUtf8 } from './utf8.ts';

export type ExportFault =
  /** It does not begin as an export does. */
  | 'header'
  /** A line that is no line of an export. */
  | 'unreadable'
  /** Another position was to come: lines were taken out, put in or moved. */
  | 'position'
  /** Before this position stands a line that has none. */
  | 'stray'
  /** The line is not the one that was hashed. */
  | 'changed'
  /** Its number is not above the one before. */
  | 'order'
  /** From here to below `until`, where a checkpoint is, something is not as it was signed. */
  | 'root'
  /** A checkpoint that no believed key has signed, or whose signature is false. */
  | 'signature'
  /** A checkpoint behind lines that it does not end with. */
  | 'checkpoint'
  /** The export ends before its last checkpoint. */
  | 'end'
  /** A line is not there, and the log does not say that its month was dropped. */
  | 'missing'
  /** Not the log that was seen before. */
  | 'witness'
  /** A checkpoint that was seen before is about these lines, and they are not in the export. */
  | 'uncovered';

export type Verdict =
  | {
      readonly ok: true;
      readonly from: number;
      readonly size: number;
      readonly dropped: number;
      readonly checkpoints: number;
      readonly newest: Checkpoint;
      /** Whether a believed key vouches for the signer, or the export alone names it. */
      readonly isKeyBelieved: boolean;
      readonly signer: NoteKey;
    }
  | {
      readonly ok: false;
      readonly fault: ExportFault;
      /** The first bad one; with `until` one of those from here to below it. */
      readonly position: number;
      readonly until?: number;
    };
type Refusal = Extract<Verdict, { ok: false }>;

export interface ExportVerifierDeps {
  readonly hashes: TreeHashes;
  readonly check: CheckSignature;
  /** Keys that are believed; where there are none, those that the export names. */
  readonly believed: readonly NoteKey[];
  /** Checkpoints that were seen elsewhere, whose signatures were checked or do not matter. */
  readonly witnessed: readonly Checkpoint[];
}

export interface ExportVerifier {
  /** The next line, without its line feed. Answers as soon as something is wrong; what comes then is not looked at. */
  push(line: Uint8Array): Refusal | undefined;
  end(): Verdict;
}

/** Lines side by side that are no longer kept. */
interface Span {
  readonly position: number;
  readonly first: number;
  last: number;
  count: number;
}

const dropMark = utf8ToBytes(',"kind":"log.month-dropped"');

const tryParseJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(decodeUtf8(bytes));
  } catch {
    return undefined;
  }
};

/** Reads an export line by line and keeps nothing of it but the roots of the tree. */
export const createExportVerifier = (deps: ExportVerifierDeps): ExportVerifier => {
  const { hashes, check } = deps;
  let refusal: Refusal | undefined;
  let tree: GrowingTree | undefined;
  let from = 0;
  let size = 0;
  let keys: readonly NoteKey[] = [];
  let lastSeq = -1;
  /** Up to here a signed checkpoint agrees. */
  let agreed = 0;
  let newest: { readonly checkpoint: Checkpoint; readonly signer: NoteKey } | undefined;
  let checkpoints = 0;
  const spans: Span[] = [];
  const drops: { readonly first: number; readonly last: number; readonly events: number }[] = [];
  const witnessed = [...deps.witnessed].sort((one, other) => one.size - other.size);

  const refuse = (fault: ExportFault, position: number, until?: number): Refusal => {
    refusal = { ok: false, fault, position, ...(until === undefined ? {} : { until }) };
    return refusal;
  };

  const begin = (line: Uint8Array): Refusal | undefined => {
    const parsed = exportHeader.safeParse(tryParseJson(line));
    if (!parsed.success) return refuse('header', 0);
    const header = parsed.data;
    const named = header.keys.map(tryParseNoteKey);
    const roots = header.before.map(tryFromBase64);
    if (named.includes(undefined) || roots.includes(undefined) || header.size < header.from)
      return refuse('header', header.from);
    const believed = deps.believed.length > 0 ? deps.believed : (named as NoteKey[]);
    keys = findEndorsed(believed, header.endorsements, check);
    try {
      tree = growTree(hashes, header.from, roots as Uint8Array[]);
    } catch {
      return refuse('header', header.from);
    }
    [from, size, agreed] = [header.from, header.size, header.from];
    if (witnessed.some((seen) => seen.size < from)) return refuse('uncovered', 0, from);
    return checkWitness();
  };

  /** Against every checkpoint from elsewhere that has the size of now. */
  const checkWitness = (): Refusal | undefined => {
    const at = tree?.size ?? 0;
    while (witnessed[0] !== undefined && witnessed[0].size < at) witnessed.shift();
    while (witnessed[0]?.size === at) {
      const [seen] = witnessed.splice(0, 1);
      if (seen !== undefined && tree !== undefined && !isSameHash(seen.root, tree.root()))
        return refuse('witness', Math.min(agreed, at), at);
    }
    return undefined;
  };

  const takeDrop = (event: Uint8Array): void => {
    const { detail } = (tryParseJson(event) ?? {}) as {
      detail?: { first?: unknown; last?: unknown; events?: unknown };
    };
    const { first, last, events } = detail ?? {};
    if (typeof first === 'number' && typeof last === 'number' && typeof events === 'number')
      drops.push({ first, last, events });
  };

  const takeEvent = (line: Uint8Array, growing: GrowingTree): Refusal | undefined => {
    const expected = growing.size;
    const parsed = tryParseExported(line);
    if (parsed === undefined) return refuse('unreadable', expected);
    const { position, leaf, seq, event } = parsed;
    if (position !== expected) return refuse('position', expected);
    if (event !== undefined && !isSameHash(hashes.leaf(event), leaf)) return refuse('changed', expected);
    if (seq <= lastSeq) return refuse('order', expected);
    lastSeq = seq;
    if (event === undefined) {
      const span = spans.at(-1);
      if (span !== undefined && span.position + span.count === position) {
        span.last = seq;
        span.count += 1;
      } else spans.push({ position, first: seq, last: seq, count: 1 });
    } else if (hasAt(event, 7 + String(seq).length, dropMark)) takeDrop(event);
    growing.append(leaf);
    return witnessed[0] === undefined ? undefined : checkWitness();
  };

  const takeCheckpoint = (line: Uint8Array, growing: GrowingTree): Refusal | undefined => {
    const { checkpoint: text } = (tryParseJson(line) ?? {}) as { checkpoint?: unknown };
    const note = typeof text === 'string' ? tryParseNote(text) : undefined;
    const checkpoint = note && tryParseCheckpoint(note.text);
    if (note === undefined || checkpoint === undefined) return refuse('unreadable', growing.size);
    const { signer } = findSigner(note, keys, check);
    if (signer === undefined || signer.name !== checkpoint.origin) return refuse('signature', growing.size);
    if (checkpoint.size !== growing.size) return refuse('checkpoint', growing.size);
    if (!isSameHash(checkpoint.root, growing.root())) return refuse('root', agreed, growing.size);
    agreed = growing.size;
    newest = { checkpoint, signer };
    checkpoints += 1;
    return undefined;
  };

  /** Every line that is not there must be one of a month of which the log says that it was dropped, and of how many lines. */
  const findMissing = (): number | undefined => {
    const isIn = (seq: number): boolean => drops.some(({ first, last }) => first <= seq && seq <= last);
    const stray = spans.find(({ first, last }) => !isIn(first) || !isIn(last));
    if (stray !== undefined) return stray.position;
    const held = drops.reduce((sum, { events }) => sum + events, 0);
    return countDropped() > held ? spans[0]?.position : undefined;
  };
  const countDropped = (): number => spans.reduce((sum, { count }) => sum + count, 0);

  return {
    push(line) {
      if (refusal !== undefined) return refusal;
      if (tree === undefined) return begin(line);
      if (isStray(line)) return refuse('stray', tree.size);
      return isEventLine(line) ? takeEvent(line, tree) : takeCheckpoint(line, tree);
    },
    end() {
      if (refusal !== undefined) return refusal;
      if (tree === undefined) return refuse('header', 0);
      if (newest === undefined || tree.size !== size || newest.checkpoint.size !== size)
        return refuse('end', tree.size);
      const [unseen] = witnessed;
      if (unseen !== undefined && unseen.size > size) return refuse('uncovered', size, unseen.size);
      const missing = findMissing();
      if (missing !== undefined) return refuse('missing', missing);
      const { checkpoint, signer } = newest;
      const isKeyBelieved = deps.believed.length > 0;
      return { ok: true, from, size, dropped: countDropped(), checkpoints, newest: checkpoint, isKeyBelieved, signer };
    },
  };
};
