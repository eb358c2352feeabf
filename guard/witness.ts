import { createPublicKey, verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { note } from '#contract/api/log.ts';
import type { TerminalEvent } from '#contract/audit.ts';
import { toBase64 } from '#core/audit/base64.ts';
import { type CheckSignature, tryParseCheckpoint, tryParseNote } from '#core/audit/checkpoint.ts';
import { treeHashes } from '#core/audit/merkle.ts';
import { type Judgement, judge, type Witnessed } from '#core/audit/witness.ts';
import { pause } from './back-off.ts';
import type { Http } from './http.ts';
import { replaceFile } from './journal-file.ts';
import { codeOf, type Log } from './log.ts';

const kept = z.strictObject({
  checkpoint: note,
  keys: z.array(z.string()),
  /** Names that the log had before. */
  former: z.array(z.string()).default([]),
  /** What the server showed last was not this log: so many lines, and how it was found out. */
  forked: z.strictObject({ why: z.string(), size: z.int() }).nullable(),
});
type Kept = z.infer<typeof kept>;

export interface WitnessDeps {
  readonly path: string;
  readonly call: Http['call'];
  /** Resolves when it is durable. */
  readonly append: (event: TerminalEvent) => Promise<unknown>;
  readonly log: Log;
  /** Milliseconds from one look to the next. */
  readonly every?: number;
  readonly random?: () => number;
}

/** Keeps a checkpoint of the server's log and holds each later one against it: a server that shows two histories is found out. */
export interface Witness {
  /** Asks and judges once; undefined when the server gave no answer. */
  look(): Promise<Judgement['kind'] | undefined>;
  /** Whether what the server showed last is another log than the one that is kept. */
  isForked(): boolean;
  stop(): Promise<void>;
}

const usually = 600_000;
/** After the start others come first. */
const first = 30_000;
const spkiHead = Buffer.from('302a300506032b6570032100', 'hex');

const check: CheckSignature = (key, bytes, signature) => {
  try {
    const spki = Buffer.concat([spkiHead, key]);
    return verify(null, bytes, createPublicKey({ key: spki, format: 'der', type: 'spki' }), signature);
  } catch {
    return false;
  }
};

const toKept = ({ checkpoint, former = [], keys }: Witnessed): Kept => ({
  checkpoint,
  keys: [...keys],
  former: [...former],
  forked: null,
});

export async function startWitness(deps: WitnessDeps): Promise<Witness> {
  const { log, every = usually, random = Math.random } = deps;
  const stopped = new AbortController();
  const found = await readKept(deps.path, log);
  let seen = found === 'unreadable' ? null : found;

  async function keep(next: Kept): Promise<void> {
    await replaceFile(deps.path, `${JSON.stringify(next)}\n`);
    seen = next;
  }

  /** From here on it holds the log to this one. Once again for a terminal says that what it had kept was lost, or taken away. */
  async function tellFirst({ checkpoint }: Witnessed): Promise<void> {
    const now = tryParseCheckpoint(tryParseNote(checkpoint)?.text ?? '');
    if (now === undefined) return;
    await deps.append({
      kind: 'log.witnessed',
      outcome: found === 'unreadable' ? 'serious' : 'success',
      detail: { now: now.origin, size: now.size, root: toBase64(now.root), unreadable: found === 'unreadable' },
    });
  }

  async function take(judged: Judgement): Promise<void> {
    if (judged.kind === 'nothing') return;
    if (judged.kind === 'agreed') {
      if (seen === null) await tellFirst(judged.next);
      return keep(toKept(judged.next));
    }
    const { before } = judged;
    const detail = { before: before.origin, size: before.size, root: toBase64(before.root) };
    if (judged.kind === 'begun-anew') {
      // The event first: what it says of the log before is in no other place from then on.
      const { origin, size } = judged.now;
      await deps.append({
        kind: 'log.begun-anew',
        outcome: 'serious',
        detail: { ...detail, now: origin, shown: size },
      });
      return keep(toKept(judged.next));
    }
    const { why, size } = judged;
    log.error('log-forked', { why, size });
    // Once for each: a server that stays so does not fill the journal.
    if (seen === null || seen.forked?.why === why) return;
    await deps.append({ kind: 'log.forked', outcome: 'major', reason: why, detail: { ...detail, shown: size } });
    await keep({ ...seen, forked: { why, size } });
  }

  async function look(): Promise<Judgement['kind'] | undefined> {
    const size = seen === null ? 0 : (tryParseCheckpoint(tryParseNote(seen.checkpoint)?.text ?? '')?.size ?? 0);
    const reply = await deps.call('log/witness', { query: { size } }, { lane: 'background' });
    if (!reply.ok) return undefined;
    const judged = judge(seen, reply.value, { hashes: treeHashes, check });
    await take(judged);
    return judged.kind;
  }

  async function run(): Promise<void> {
    await pause(random() * Math.min(first, every), stopped.signal);
    while (!stopped.signal.aborted) {
      await look().catch((error: unknown) => log.error('witness-failed', { code: codeOf(error) }));
      await pause(every * (0.75 + random() / 2), stopped.signal);
    }
  }

  const running = run();
  return {
    look,
    isForked: () => seen?.forked != null,
    async stop() {
      stopped.abort();
      await running;
    },
  };
}

async function readKept(path: string, log: Log): Promise<Kept | null | 'unreadable'> {
  try {
    return kept.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    log.warn('witness-unreadable', { code: codeOf(error) });
    return 'unreadable';
  }
}
