import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** What a process changed on its disk, as `kinds/disk.c` noted it before; in the order in which it did. */
type Note =
  | { readonly kind: 'bytes'; readonly inode: number; readonly at: number; readonly size: number; readonly old: Buffer }
  | { readonly kind: 'flush'; readonly inode: number }
  | {
      readonly kind: 'rename' | 'create' | 'unlink';
      readonly from: string;
      readonly to: string;
      readonly kept: string;
    };

const kinds = ['', 'bytes', 'flush', 'rename', 'create', 'unlink'] as const;
const headBytes = 48;

const readNotes = (path: string): Note[] => {
  const all = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  const notes: Note[] = [];
  for (let start = 0; start + headBytes <= all.length; ) {
    const [kind = 0, inode = 0, at = 0, size = 0, textLength = 0, length = 0] = [0, 1, 2, 3, 4, 5].map((place) =>
      Number(all.readBigInt64LE(start + 8 * place)),
    );
    const text = start + headBytes;
    const bytes = text + textLength;
    const name = kinds[kind];
    if (name === 'bytes') notes.push({ kind: name, inode, at, size, old: all.subarray(bytes, bytes + length) });
    else if (name === 'flush') notes.push({ kind: name, inode });
    else if (name !== undefined && name !== '') {
      const [from = '', to = '', kept = ''] = all.toString('utf8', text, bytes).split('\n');
      notes.push({ kind: name, from, to, kept });
    }
    start = bytes + length;
  }
  return notes;
};

/** Files by their inode: their names may have changed. */
const listFiles = (folder: string): Map<number, string> =>
  new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [statSync(path).ino, path];
    }),
  );

/** Puts back what was there before, from `torn` of it on (0 to 1). */
const putBytesBack = (path: string, { at, old, size }: Extract<Note, { kind: 'bytes' }>, torn: number): void => {
  const now = statSync(path).size;
  const stays = Math.floor(torn * (Math.max(now, size) - at));
  const file = openSync(path, 'r+');
  try {
    writeSync(
      file,
      old,
      Math.min(stays, old.length),
      Math.max(0, old.length - stays),
      at + Math.min(stays, old.length),
    );
    ftruncateSync(file, Math.max(size, Math.min(now, at + stays)));
  } finally {
    closeSync(file);
  }
};

/** Takes back every change after which no flush came: of a file its own, of a name that of its folder. */
export const forget = (folder: string, path: string, torn: number): void => {
  const notes = readNotes(path);
  const flushed = new Set<number>();
  let left = torn;
  for (const note of notes.reverse()) {
    if (note.kind === 'flush') flushed.add(note.inode);
    else if (note.kind === 'bytes') {
      const file = listFiles(folder).get(note.inode);
      if (file === undefined || flushed.has(note.inode)) continue;
      putBytesBack(file, note, left);
      left = 0;
    } else if (existsSync(dirname(note.to)) && !flushed.has(statSync(dirname(note.to)).ino)) {
      if (note.kind === 'create') rmSync(note.to, { force: true });
      if (note.kind === 'rename' && existsSync(note.to)) renameSync(note.to, note.from);
      if (note.kind !== 'create' && note.kept !== '') renameSync(note.kept, note.to);
    }
    if ('kept' in note && note.kept !== '') rmSync(note.kept, { force: true });
  }
  if (existsSync(path)) truncateSync(path);
};
