import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import {
  findSigner,
  formatCheckpoint,
  formatNote,
  tryParseCheckpoint,
  tryParseNote,
  tryParseNoteKey,
} from '#core/audit/checkpoint.ts';
import { isSameHash } from '#core/audit/merkle.ts';
import type { KeyRings } from '../key-ring.ts';
import { DatabaseAway, type Lane, type Transaction } from '../store/database.ts';
import { record } from '../store/events.ts';
import { hashLines, settledSeq } from '../store/log-lines.ts';
import {
  beginIncarnation,
  findEnd,
  findIncarnation,
  findNewest,
  type Incarnation,
  listIncarnations,
  listLogKeys,
  saveCheckpoint,
  saveGrowth,
  tryLead,
} from '../store/log-tree.ts';
import { type Edge, growEdge, readEdge } from './edge.ts';
import { checkEd25519 } from './hashes.ts';
import { readRoots } from './nodes.ts';
import type { Seen, SeenKeeper } from './seen.ts';
import { introduce, openSigner, originOf } from './signers.ts';

export interface SequencerDeps {
  readonly background: Lane;
  readonly rings: () => KeyRings;
  readonly now: () => Date;
  readonly log: Logger;
  /** What was signed last, kept outside of the database. */
  readonly seen: SeenKeeper;
  /** Waits, between two portions of which one took so long (milliseconds), for what is more urgent. */
  readonly giveWay?: (took: number) => Promise<void>;
  /** Lines that are placed in one transaction. */
  readonly portion?: number;
}

/** Why nothing is signed: the stored tree, its checkpoint or our key is not what it was. */
type Halt = 'tree-changed' | 'checkpoint-changed' | 'key-changed';

/** Lines of one transaction, so that nobody waits for it for long. */
const usualPortion = 4000;

interface Held extends Seen {
  readonly edge: Edge;
}

export interface Sequencer {
  /** Gives all lines that are written their places, and signs. Nothing is done while another process is at it. */
  run(): Promise<void>;
  /** Why this process signs nothing; null while all is well. */
  halted(): Halt | null;
}

/**
 * Gives each line of the log its position and signs what has become of the log. One process at a time does it, whichever
 * holds the lock; all that it knows is in the database, so that another goes on where it stopped.
 */
export const createSequencer = (deps: SequencerDeps): Sequencer => {
  const { background, rings, now, log, seen, giveWay, portion: most = usualPortion } = deps;
  let held: Held | undefined;
  let halt: Halt | null = null;
  let isUnkept = false;

  /** Where it cannot be written down the log goes on, with an alarm: terminals and auditors are witnesses, too. */
  const remember = async (signed: Held): Promise<void> => {
    try {
      seen.put(signed);
      isUnkept = false;
    } catch (problem) {
      if (isUnkept) return;
      log.error({ err: problem }, 'what was signed could not be written down');
      const detail = { size: signed.size };
      await background.transaction((tx) => record(tx, now(), { kind: 'log.unkept', outcome: 'serious', detail }));
      isUnkept = true;
    }
  };

  /** What was signed and is not in the database: it has less, another history of that length, or a name that was given up. */
  const findLost = async (
    tx: Transaction,
    origin: string,
    found: Pick<Seen, 'size' | 'root'> | undefined,
  ): Promise<Seen | undefined> => {
    for (const one of [held, ...seen.all()]) {
      if (one?.former.includes(origin)) return one;
      if (one === undefined || one.origin !== origin || one.size === 0) continue;
      if (found === undefined || found.size < one.size) return one;
      // Another process has led since: it may have known less, and have gone on from there.
      const [root] = found.size === one.size ? [found.root] : await readRoots(tx, [{ begin: 0, end: one.size }]);
      if (root === undefined || !isSameHash(root, one.root)) return one;
    }
    return undefined;
  };

  const stop = async (tx: Transaction, why: Halt, size: number): Promise<null> => {
    if (halt !== why) {
      log.error({ why, size }, 'the log is not the one that was signed; nothing more is signed');
      await record(tx, now(), { kind: 'log.halted', outcome: 'major', reason: why, detail: { size } });
    }
    halt = why;
    held = undefined;
    return null;
  };

  /** What is there, when it is what was signed. */
  const open = async (tx: Transaction, origin: string): Promise<Held | null> => {
    const former = await formerOf(tx, origin);
    const newest = await findNewest(tx);
    const end = await findEnd(tx);
    if (end.size !== (newest?.size ?? 0)) return stop(tx, 'tree-changed', end.size);
    if (held !== undefined && newest !== undefined && held.size === end.size && isSameHash(held.root, newest.root))
      return { ...held, origin, former };
    const edge = await readEdge(tx, end.size, end.lastSeq).catch((problem: unknown) => {
      if (problem instanceof DatabaseAway) throw problem;
      return undefined;
    });
    if (edge === undefined) return stop(tx, 'tree-changed', end.size);
    const root = edge.tree.root();
    if (newest !== undefined) {
      if (!isSameHash(root, newest.root)) return stop(tx, 'tree-changed', end.size);
      const keys = (await listLogKeys(tx)).map(({ key }) => tryParseNoteKey(key)).filter((key) => key !== undefined);
      const note = tryParseNote(newest.note);
      const said = note && tryParseCheckpoint(note.text);
      const isSigned = note !== undefined && findSigner(note, keys, checkEd25519).signer !== undefined;
      if (!isSigned || said === undefined || said.size !== newest.size || !isSameHash(said.root, root))
        return stop(tx, 'checkpoint-changed', end.size);
    }
    halt = null;
    return { origin, size: end.size, root, former, edge };
  };

  /** A database that has lost what was signed goes on as another incarnation: what comes now is no fork of the log before. */
  const beginAnew = async (tx: Transaction, before: Incarnation, lost: Seen): Promise<Incarnation> => {
    const { size } = await findEnd(tx);
    const next = { number: before.number + 1, id: randomUUID() };
    await beginIncarnation(tx, now(), { ...next, reason: 'rolled-back', size, given: 0 });
    await record(tx, now(), {
      kind: 'log.rolled-back',
      outcome: 'major',
      detail: { size, signed: lost.size, root: Buffer.from(lost.root).toString('base64'), before: before.id },
    });
    log.error({ size, signed: lost.size }, 'the database holds less of the log than was signed before');
    held = undefined;
    return next;
  };

  /** Names that the log had before this one, as the database and what was signed under them say. */
  const formerOf = async (tx: Transaction, origin: string): Promise<readonly string[]> => {
    if (held?.origin === origin) return held.former;
    const known = [held, ...seen.all()].flatMap((one) => (one === undefined ? [] : [one.origin, ...one.former]));
    const names = new Set([...(await listIncarnations(tx)).map(originOf), ...known]);
    names.delete(origin);
    return [...names];
  };

  /** Undefined when there is nothing more to do. */
  const place = async (tx: Transaction): Promise<Held | undefined> => {
    if (!(await tryLead(tx))) return undefined;
    let incarnation = await findIncarnation(tx);
    const newest = await findNewest(tx);
    const lost = await findLost(tx, originOf(incarnation), newest);
    if (lost !== undefined) incarnation = await beginAnew(tx, incarnation, lost);
    const origin = originOf(incarnation);
    const before = await open(tx, origin);
    if (before === null) return undefined;
    const leaves = await hashLines(tx, before.edge.lastSeq, await settledSeq(tx), most);
    if (leaves.length === 0 && (newest === undefined || newest.incarnation === incarnation.number)) return undefined;
    const signer = openSigner(rings(), origin);
    if (!(await introduce(tx, rings(), signer))) {
      await stop(tx, 'key-changed', before.size);
      return undefined;
    }
    const { edge, tiles } = growEdge(before.edge, leaves);
    const { size } = edge.tree;
    const root = edge.tree.root();
    await saveGrowth(tx, { leaves: edge.leaves, from: size - edge.leaves.length, stored: before.size, tiles });
    const at = now();
    const note = formatNote(formatCheckpoint({ origin, size, root, at: at.toISOString() }), [signer]);
    await saveCheckpoint(tx, incarnation.number, { size, root: Buffer.from(root), note, at });
    return { ...before, size, root, edge };
  };

  return {
    async run() {
      for (;;) {
        const sizeBefore = held?.size ?? 0;
        const since = performance.now();
        const next = await background.transaction(place);
        if (next === undefined) return;
        held = next;
        halt = null;
        await remember(next);
        if (next.size - sizeBefore < most) return;
        await giveWay?.(performance.now() - since);
      }
    },
    halted: () => halt,
  };
};
