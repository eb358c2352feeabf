/**
 * Signed notes and checkpoints as C2SP describes them (signed-note, tlog-checkpoint): the text, an empty line, and a line for
 * each signature: an em dash, the name of the key, and in base64 four bytes that tell the key and the Ed25519 signature.
 * Signing and checking are the caller's: keys do not come here.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { toBase64, tryFromBase64 } from './base64.ts';
import { type Hash, isSameHash } from './merkle.ts';

const ed25519 = 1;

/** A public key by which notes are signed. */
export interface NoteKey {
  readonly name: string;
  /** 32 bytes, Ed25519. */
  readonly key: Uint8Array;
}

export interface NoteSignature {
  readonly name: string;
  /** Four bytes that tell the key. */
  readonly hint: Uint8Array;
  readonly signature: Uint8Array;
}

export interface Note {
  /** With the line feed at its end. This is what is signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

const concat = (...parts: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

const isName = (name: string): boolean => name !== '' && !/[\s+]/u.test(name);

export const hintOf = ({ name, key }: NoteKey): Uint8Array =>
  sha256(concat(utf8ToBytes(`${name}\n`), Uint8Array.of(ed25519), key)).slice(0, 4);

export const isSameKey = (one: NoteKey, other: NoteKey): boolean =>
  one.name === other.name && isSameHash(one.key, other.key);

const hexOf = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** As verifiers of notes take it: name, hint and key with plus signs between. */
export const formatNoteKey = (given: NoteKey): string =>
  `${given.name}+${hexOf(hintOf(given))}+${toBase64(concat(Uint8Array.of(ed25519), given.key))}`;

export const tryParseNoteKey = (text: string): NoteKey | undefined => {
  const [, name = '', hint, encoded = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/u.exec(text.trim()) ?? [];
  const bytes = tryFromBase64(encoded);
  if (!isName(name) || bytes?.length !== 33 || bytes[0] !== ed25519) return undefined;
  const parsed = { name, key: bytes.slice(1) };
  return hexOf(hintOf(parsed)) === hint ? parsed : undefined;
};

/** `sign` gives the Ed25519 signature of the text in UTF-8. */
export const formatNote = (
  text: string,
  signers: readonly (NoteKey & { readonly sign: (bytes: Uint8Array) => Uint8Array })[],
): string => {
  const bytes = utf8ToBytes(text);
  const lines = signers.map(
    (signer) => `\u2014 ${signer.name} ${toBase64(concat(hintOf(signer), signer.sign(bytes)))}\n`,
  );
  return `${text}\n${lines.join('')}`;
};

const parseSignature = (line: string): NoteSignature | undefined => {
  const [, name = '', encoded = ''] = /^\u2014 (\S+) (\S+)$/u.exec(line) ?? [];
  const bytes = tryFromBase64(encoded);
  // Other sorts of signature are longer; they are not ours to check.
  if (!isName(name) || bytes === undefined || bytes.length < 5) return undefined;
  return { name, hint: bytes.slice(0, 4), signature: bytes.slice(4) };
};

/** Undefined where it is no note. */
export const tryParseNote = (note: string): Note | undefined => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that a note must not have
  if (/[\u0000-\u0009\u000b-\u001f\ufffd]/u.test(note) || !note.endsWith('\n')) return undefined;
  const split = note.lastIndexOf('\n\n');
  if (split < 0) return undefined;
  const signatures = note
    .slice(split + 2, -1)
    .split('\n')
    .map(parseSignature);
  if (signatures.length > 16 || signatures.some((signature) => signature === undefined)) return undefined;
  return { text: note.slice(0, split + 1), signatures: signatures as NoteSignature[] };
};

export type CheckSignature = (key: Uint8Array, bytes: Uint8Array, signature: Uint8Array) => boolean;

/** The first of these keys that has signed the note. Whether a line that claims to be of one of them is false is told too. */
export const findSigner = (
  note: Note,
  keys: readonly NoteKey[],
  check: CheckSignature,
): { readonly signer: NoteKey | undefined; readonly isForged: boolean } => {
  const bytes = utf8ToBytes(note.text);
  let signer: NoteKey | undefined;
  for (const { name, hint, signature } of note.signatures) {
    const key = keys.find((one) => one.name === name && isSameHash(hintOf(one), hint));
    if (key === undefined) continue;
    if (signature.length !== 64 || !check(key.key, bytes, signature)) return { signer: undefined, isForged: true };
    signer ??= key;
  }
  return { signer, isForged: false };
};

/** What a log says of itself: this many lines, with this root. */
export interface Checkpoint {
  /** Names the log. */
  readonly origin: string;
  readonly size: number;
  readonly root: Hash;
  /** When it was signed, by the server's clock (ISO 8601). */
  readonly at: string;
}

export const formatCheckpoint = ({ origin, size, root, at }: Checkpoint): string =>
  `${origin}\n${size}\n${toBase64(root)}\nat ${at}\n`;

/** Undefined where the text is none of ours: three lines and the one with the time. */
export const tryParseCheckpoint = (text: string): Checkpoint | undefined => {
  const [origin = '', size = '', encoded = '', time = '', ...rest] = text.split('\n');
  const root = tryFromBase64(encoded);
  const at = /^at (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)$/.exec(time)?.[1];
  if (!isName(origin) || !/^(0|[1-9]\d{0,15})$/.test(size) || root?.length !== 32 || at === undefined) return undefined;
  if (rest.length !== 1 || rest[0] !== '' || !Number.isSafeInteger(Number(size))) return undefined;
  return { origin, size: Number(size), root, at };
};

/** What the key before says of a key: it may sign from now on. */
export const formatEndorsement = (next: NoteKey): string => `kazasu log key\n${formatNoteKey(next)}\n`;

export const tryParseEndorsement = (text: string): NoteKey | undefined => {
  const [title, key = '', ...rest] = text.split('\n');
  return title === 'kazasu log key' && rest.length === 1 && rest[0] === '' ? tryParseNoteKey(key) : undefined;
};

/** The keys that may be believed when one of `trusted` may: those that are endorsed, one by the other. */
export const findEndorsed = (
  trusted: readonly NoteKey[],
  endorsements: readonly string[],
  check: CheckSignature,
): NoteKey[] => {
  const known = [...trusted];
  const notes = endorsements.map(tryParseNote).filter((note) => note !== undefined);
  for (let found = true; found; ) {
    found = false;
    for (const note of notes) {
      const next = tryParseEndorsement(note.text);
      if (next === undefined || known.some((one) => isSameKey(one, next))) continue;
      if (findSigner(note, known, check).signer === undefined) continue;
      known.push(next);
      found = true;
    }
  }
  return known;
};
