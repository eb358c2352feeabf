/**
 * `npm run verify-log -- <file> [--key <key>]… [--checkpoint <file>]…`: says from an export of the log alone, without
 * the server, that no line of it was changed, removed, put in or moved, or which is the first that was. `--key` names a key
 * that is believed (or a file with one on each line); `--checkpoint` a checkpoint that was kept elsewhere. The file may as well
 * be a proof of one event, or of how the log grew from a checkpoint that was kept, as the console saves it. Ends with 0 where
 * it is verified, with 1 where it is not, with 2 where nothing could be looked at.
 */
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  type Checkpoint,
  formatNoteKey,
  type NoteKey,
  tryParseCheckpoint,
  tryParseNote,
  tryParseNoteKey,
} from '#core/audit/checkpoint.ts';
import type { Verdict } from '#core/audit/verify-export.ts';
import { type ToldProof, tryTellProof } from './log-tree/proof-file.ts';
import { verifyExport } from './log-tree/verify.ts';
import { tryTellWhatItIs } from './log-tree/what-it-is.ts';

const usage = 'npm run verify-log -- <export or proof> [--key <key or file>]… [--checkpoint <file>]…';
class UsageProblem extends Error {}

/** What comes from a file does nothing to the screen that shows it. */
const shown = (text: string): string =>
  text.slice(0, 300).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (sign) => `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`);

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** A key or a checkpoint is some lines long. */
const readSmall = (path: string): string => {
  if (statSync(path).size > 1024 * 1024) throw new UsageProblem(`${shown(path)} is too large for that`);
  return readFileSync(path, 'utf8');
};

const parseKeys = (given: string): NoteKey[] => {
  const lines = (isFile(given) ? readSmall(given).split('\n') : [given]).filter((line) => line.trim() !== '');
  // None at all would have the export vouch for itself.
  if (lines.length === 0) throw new UsageProblem(`there is no key in ${shown(given) || '--key'}`);
  return lines.map((line) => {
    const key = tryParseNoteKey(line);
    if (key === undefined) throw new UsageProblem(`this is no key of a log: ${shown(line)}`);
    return key;
  });
};

const parseKept = (path: string): Checkpoint => {
  const note = isFile(path) ? tryParseNote(readSmall(path)) : undefined;
  const checkpoint = note && tryParseCheckpoint(note.text);
  if (checkpoint === undefined) throw new UsageProblem(`there is no checkpoint in ${shown(path)}`);
  return checkpoint;
};

const faults: Readonly<Record<Extract<Verdict, { ok: false }>['fault'], string>> = {
  header: 'the file does not begin as an export of the log does, nor is it a whole proof',
  unreadable: 'the line cannot be read',
  position: 'another position was to come here: lines were taken out, put in or moved',
  stray: 'a line stands here that has no place in the log',
  changed: 'the line is not the one that was hashed',
  order: 'the line was written before the one above it',
  root: 'something here is not as it was signed',
  signature: 'the checkpoint is not signed by a key that is believed',
  checkpoint: 'the checkpoint does not belong here',
  end: 'the file ends here, before its last checkpoint',
  missing: 'lines are not there, and the log does not say that their month was dropped',
  witness: 'this is not the log of the checkpoint that was kept',
  uncovered: 'the checkpoint that was kept is about these lines, and they are not in the file',
};

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const tellSigner = (signer: NoteKey, isBelieved: boolean): void => {
  say(`Signed by ${shown(formatNoteKey(signer))}.`);
  if (!isBelieved)
    say('That key is known from the file alone: compare it with the one that you know, or give it with --key.');
};

/** Far more than a proof has; of what is larger nothing is held in memory. */
const longestProof = 1 << 24;

const tryVerifyProof = (path: string, believed: readonly NoteKey[]): ToldProof | undefined =>
  statSync(path).size > longestProof ? undefined : tryTellProof(readFileSync(path, 'utf8'), believed);

const tell = (verdict: Verdict): void => {
  if (!verdict.ok) {
    const { fault, position, until } = verdict;
    const where =
      until === undefined || until === position ? `position ${position}` : `positions ${position} to ${until - 1}`;
    say(`NOT VERIFIED at ${where}: ${faults[fault]}.`);
    return;
  }
  const { from, size, dropped, checkpoints, newest, isKeyBelieved, signer } = verdict;
  const what =
    size === from ? `no line, from position ${from} on` : `positions ${from} to ${size - 1} as they were signed`;
  say(`Verified: ${what}, ${checkpoints} checkpoints, the last of ${newest.at}.`);
  if (dropped > 0) say(`${dropped} lines are of months that were dropped; their hashes are in their places.`);
  tellSigner(signer, isKeyBelieved);
};

try {
  const options = { key: { type: 'string', multiple: true }, checkpoint: { type: 'string', multiple: true } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [path, ...rest] = positionals;
  if (path === undefined || rest.length > 0) throw new UsageProblem('name one file');
  if (!isFile(path)) throw new UsageProblem(`there is no file ${shown(path)}`);
  const believed = (values.key ?? []).flatMap(parseKeys);
  const witnessed = (values.checkpoint ?? []).map(parseKept);
  const proof = tryVerifyProof(path, believed);
  if (proof === undefined) {
    const verdict = await verifyExport(createReadStream(path, { highWaterMark: 1 << 20 }), { believed, witnessed });
    tell(verdict);
    const what = verdict.ok ? undefined : tryTellWhatItIs(path);
    if (what !== undefined) say(what);
    process.exitCode = verdict.ok ? 0 : 1;
  } else {
    if (witnessed.length > 0) throw new UsageProblem('a proof has its checkpoints in it: leave --checkpoint out');
    proof.lines.forEach(say);
    if (proof.signer !== undefined) tellSigner(proof.signer, believed.length > 0);
    process.exitCode = proof.signer === undefined ? 1 : 0;
  }
} catch (problem) {
  const { message, code, syscall } = problem as NodeJS.ErrnoException;
  const isUsage = problem instanceof UsageProblem || code?.startsWith('ERR_PARSE_ARGS') === true;
  const isUnread = syscall !== undefined && code !== undefined;
  const why = isUnread ? `a file could not be read (${code})` : message;
  process.stderr.write(`Nothing was verified: ${shown(why)}.\n${isUsage ? `${usage}\n` : ''}`);
  process.exitCode = 2;
}
