/**
 * `npm run verify-log -- <export> [--key <key>]… [--checkpoint <file>]…`: says from an export of the log alone, without
 * the server, that no line of it was changed, removed, put in or moved, or which is the first that was. `--key` names a key
 * that is believed (or a file with one on each line); `--checkpoint` a checkpoint that was kept elsewhere.
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
import { verifyExport } from './log-tree/verify.ts';

const usage = 'npm run verify-log -- <export> [--key <key or file>]… [--checkpoint <file>]…';
class UsageProblem extends Error {}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

const parseKeys = (text: string): NoteKey[] =>
  (isFile(text) ? readFileSync(text, 'utf8').split('\n') : [text])
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const key = tryParseNoteKey(line);
      if (key === undefined) throw new UsageProblem(`this is no key of a log: ${line}`);
      return key;
    });

const parseKept = (path: string): Checkpoint => {
  const note = isFile(path) ? tryParseNote(readFileSync(path, 'utf8')) : undefined;
  const checkpoint = note && tryParseCheckpoint(note.text);
  if (checkpoint === undefined) throw new UsageProblem(`there is no checkpoint in ${path}`);
  return checkpoint;
};

const faults: Readonly<Record<Extract<Verdict, { ok: false }>['fault'], string>> = {
  header: 'the file does not begin as an export of the log does',
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
};

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const tell = (verdict: Verdict): void => {
  if (!verdict.ok) {
    const { fault, position, until } = verdict;
    const where =
      until === undefined || until === position ? `position ${position}` : `positions ${position} to ${until - 1}`;
    say(`NOT VERIFIED at ${where}: ${faults[fault]}.`);
    return;
  }
  const { from, size, dropped, checkpoints, newest, isKeyBelieved, signer } = verdict;
  say(
    `Verified: positions ${from} to ${size - 1} as they were signed, ${checkpoints} checkpoints, the last of ${newest.at}.`,
  );
  if (dropped > 0) say(`${dropped} lines are of months that were dropped; their hashes are in their places.`);
  say(`Signed by ${formatNoteKey(signer)}.`);
  if (!isKeyBelieved)
    say('That key is known from the export alone: compare it with the one that you know, or give it with --key.');
};

try {
  const options = { key: { type: 'string', multiple: true }, checkpoint: { type: 'string', multiple: true } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [path, ...rest] = positionals;
  if (path === undefined || rest.length > 0) throw new UsageProblem('name one export');
  if (!isFile(path)) throw new UsageProblem(`there is no file ${path}`);
  const verdict = await verifyExport(createReadStream(path, { highWaterMark: 1 << 20 }), {
    believed: (values.key ?? []).flatMap(parseKeys),
    witnessed: (values.checkpoint ?? []).map(parseKept),
  });
  tell(verdict);
  process.exitCode = verdict.ok ? 0 : 1;
} catch (problem) {
  const { message, stack, code } = problem as NodeJS.ErrnoException;
  const isUsage = problem instanceof UsageProblem || code?.startsWith('ERR_PARSE_ARGS') === true;
  process.stderr.write(`${isUsage ? `${message}\n${usage}` : (stack ?? message)}\n`);
  process.exitCode = 2;
}
