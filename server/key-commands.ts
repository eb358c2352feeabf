import { setTimeout as wait } from 'node:timers/promises';
import type { KeyPurpose } from '#contract/api/keys.ts';
import { trustOf } from './held-keys.ts';
import { readKeyRings, writeKeyRings } from './key-file.ts';
import {
  inOrder,
  type KeyRings,
  ringFor,
  type StoredKey,
  stateOf,
  versionOf,
  withKey,
  withKeyInUse,
  withoutKey,
} from './key-ring.ts';
import { createKey, secretsOf } from './secrets.ts';
import type { Database, Transaction } from './store/database.ts';
import { listHolders } from './store/key-holders.ts';
import {
  checkKeyMarks,
  isSettled,
  lastNumber,
  listRetired,
  lockKeyMarks,
  type NamedKey,
  noteKeys,
  noteRetired,
  noteSettled,
} from './store/key-marks.ts';
import { countKeyUse, type KeyUse, letRowsGo, rowsOf } from './store/key-use.ts';
import { listUnaware } from './store/terminals.ts';
import { openAuthorities } from './tls/authorities.ts';
import { makeAuthority } from './tls/authority.ts';

export interface KeyCommandDeps {
  readonly dataFolder: string;
  readonly database: Database;
  readonly now: () => Date;
  /** One line for whoever gave the command. */
  readonly say: (line: string) => void;
  /** Who gave it, for the log. */
  readonly by: string;
  /** How long it waits for processes and terminals (milliseconds). */
  readonly patience: number;
}

/** What stands in the way, in the words of an operator. */
export class KeyProblem extends Error {}
/** Nothing is wrong: it goes on when the same command is given again. */
export class NotYet extends Error {}

/** Each key is one more to look under at every tap; authorities are changed one after the other. */
const longestRing: Readonly<Record<KeyPurpose, number>> = {
  'card-index': 8,
  'pin-pepper': 8,
  sealing: 8,
  grant: 8,
  log: 8,
  ca: 2,
};

/**
 * How long something that was begun with the key before may still be on its way (milliseconds): a grant holds for 30 s,
 * and an attempt, which the sealing key vouches for, for as long as a policy may give it (five minutes).
 */
const overlaps: Readonly<Record<KeyPurpose, number>> = {
  'card-index': 5000,
  'pin-pepper': 5000,
  sealing: 305_000,
  grant: 35_000,
  log: 5000,
  ca: 5000,
};

export const readRings = ({ dataFolder }: Pick<KeyCommandDeps, 'dataFolder'>): KeyRings => {
  const rings = readKeyRings(dataFolder);
  if (rings?.ca === undefined) throw new KeyProblem(`there are no keys in ${dataFolder}; start the server once`);
  return rings;
};

/** Throws when the database is not the one that these keys belong to. */
export const checkDatabase = async (deps: KeyCommandDeps): Promise<void> => {
  const known = await deps.database.query('select 1 from key_mark limit 1');
  if (known.length === 0) throw new KeyProblem('this database knows no keys; is it the one of this server?');
  await checkKeyMarks(deps.database, readRings(deps), deps.now());
};

/** Changes the key file while no other process does, and writes down what became of the keys. */
const change = (
  deps: KeyCommandDeps,
  work: (rings: KeyRings, tx: Transaction) => Promise<KeyRings>,
): Promise<KeyRings> =>
  deps.database.transaction(async (tx) => {
    await lockKeyMarks(tx);
    const found = readRings(deps);
    const rings = await work(withoutRetired(found, await listRetired(tx)), tx);
    // The file first: a mark of a key that is in no file would keep the server from starting.
    if (rings !== found) writeKeyRings(deps.dataFolder, rings);
    await noteKeys(tx, rings, deps.now(), deps.by);
    return rings;
  });

/** A retirement that was cut short after the database knew of it comes to its end with the next change, whichever that is. */
const withoutRetired = (found: KeyRings, retired: readonly NamedKey[]): KeyRings =>
  retired.reduce((rings, { purpose, key }) => {
    const isThere = ringFor(rings, purpose).some(({ id }) => id === key);
    return isThere ? withoutKey(rings, purpose, key) : rings;
  }, found);

const waitUntil = async (
  deps: KeyCommandDeps,
  what: (names: readonly string[]) => string,
  missing: () => Promise<string[]>,
): Promise<void> => {
  const until = Date.now() + deps.patience;
  let said = '';
  for (;;) {
    const names = await missing();
    if (names.length === 0) return;
    const line = what(names);
    if (Date.now() > until) throw new NotYet(line);
    if (line !== said) deps.say(`… ${line}`);
    said = line;
    await wait(200);
  }
};

/** Names for a line. */
export const list = (names: readonly string[]): string =>
  names.length > 10 ? `${names.slice(0, 10).join(', ')} and ${names.length - 10} more` : names.join(', ');

/** Running processes of the server that do not hold the keys as they are in the file at this moment. */
export const listBehind = async (deps: KeyCommandDeps): Promise<string[]> => {
  const newest = versionOf(readRings(deps));
  return (await listHolders(deps.database)).filter(({ version }) => version !== newest).map(({ host }) => host);
};

/** Connected terminals that do not know the authorities and grant keys as they are in the file at this moment. */
export const listUninformed = (deps: KeyCommandDeps): Promise<string[]> => {
  const rings = readRings(deps);
  const { trustVersion } = trustOf(secretsOf(rings), openAuthorities(rings));
  return listUnaware(deps.database, deps.now(), trustVersion);
};

const waitForProcesses = (deps: KeyCommandDeps): Promise<void> =>
  waitUntil(
    deps,
    (names) =>
      `waiting for processes of the server that do not hold the keys of ${deps.dataFolder} yet: ${list(names)}`,
    () => listBehind(deps),
  );

const waitForTerminals = (deps: KeyCommandDeps): Promise<void> =>
  waitUntil(
    deps,
    (names) => `waiting for connected terminals that do not know it yet: ${list(names)}`,
    () => listUninformed(deps),
  );

const makeKey = async (
  deps: KeyCommandDeps,
  tx: Transaction,
  rings: KeyRings,
  purpose: KeyPurpose,
): Promise<StoredKey> => {
  const id = (await lastNumber(tx, purpose)) + 1;
  const facts = { id, madeAt: deps.now().toISOString(), waits: true } as const;
  if (purpose !== 'ca') return { ...facts, key: createKey(purpose) };
  if (rings.ca === undefined) throw new KeyProblem('there is no authority yet; start the server once');
  return { ...facts, ...(await makeAuthority(deps.now(), inOrder(rings.ca)[0])) };
};

/** The key that waits, or a new one; undefined when the newest was put in use by a command that did not come to its end. */
const findOrMake = async (deps: KeyCommandDeps, purpose: KeyPurpose): Promise<StoredKey | undefined> => {
  const rings = await change(deps, async (before, tx) => {
    const ring = ringFor(before, purpose);
    if (ring.some(({ waits }) => waits === true)) return before;
    if (!(await isSettled(tx, purpose, inOrder(ring)[0].id))) return before;
    if (ring.length >= longestRing[purpose]) {
      throw new KeyProblem(`there are ${ring.length} ${purpose} keys; retire the oldest first`);
    }
    return withKey(before, purpose, await makeKey(deps, tx, before, purpose));
  });
  return ringFor(rings, purpose).find(({ waits }) => waits === true);
};

/**
 * Makes a key, waits until everybody knows it, puts it in use, and waits until everybody does so. Killed or cut short at any
 * moment, the same command goes on where it stopped.
 */
export const rotateKey = async (deps: KeyCommandDeps, purpose: KeyPurpose): Promise<void> => {
  const next = await findOrMake(deps, purpose);
  if (next !== undefined) {
    deps.say(`${purpose} key ${next.id} is made; it is not in use yet`);
    await waitForProcesses(deps);
    if (purpose === 'grant' || purpose === 'ca') await waitForTerminals(deps);
    await change(deps, async (rings) => {
      const key = ringFor(rings, purpose).find(({ id }) => id === next.id);
      if (key === undefined) throw new KeyProblem(`${purpose} key ${next.id} was retired meanwhile`);
      // Another command may have been quicker.
      return key.waits === true ? withKeyInUse(rings, purpose, key.id, deps.now()) : rings;
    });
  }
  await waitForProcesses(deps);
  const [{ id }] = inOrder(ringFor(readRings(deps), purpose));
  await noteSettled(deps.database, deps.now(), purpose, id);
  deps.say(`${purpose} key ${id} is in use`);
};

/** What hangs on a key, for people. */
export const describeUses = (uses: readonly KeyUse[], purpose: KeyPurpose, id: number): string =>
  uses
    .filter((use) => use.purpose === purpose && use.key === String(id))
    .map(({ what, rows }) => `${rows} ${what}`)
    .join(', ');

/** The ring of a key that may go: it is there, and another one is in use. */
const checkSpare = (deps: KeyCommandDeps, purpose: KeyPurpose, id: number): readonly StoredKey[] => {
  const ring = ringFor(readRings(deps), purpose);
  const key = ring.find((one) => one.id === id);
  if (key === undefined) throw new KeyProblem(`there is no ${purpose} key ${id}`);
  if (stateOf(ring, key) === 'in-use') {
    throw new KeyProblem(`${purpose} key ${id} is in use; put another in its place first: rotate ${purpose}`);
  }
  return ring;
};

/** Lets go of an old key, or of one that was made and never put in use. Refuses while anything hangs on it, unless `letGo` is exactly the number of what will be lost. */
export const retireKey = async (deps: KeyCommandDeps, purpose: KeyPurpose, id: number, letGo = 0): Promise<void> => {
  const ring = checkSpare(deps, purpose, id);
  await waitForProcesses(deps);
  const usedFrom = Date.parse(inOrder(ring)[0].usedFrom ?? '');
  const pause = usedFrom + overlaps[purpose] - deps.now().getTime();
  if (pause > 0) {
    deps.say(`… waiting ${Math.ceil(pause / 1000)} s: what was begun with key ${id} may still be on its way`);
    await wait(pause);
  }
  await deps.database.transaction(async (tx) => {
    await lockKeyMarks(tx);
    // One that waited may have been put in use meanwhile.
    checkSpare(deps, purpose, id);
    // A command that was killed after this step: what was to be let go of is gone.
    if ((await listRetired(tx)).some((one) => one.purpose === purpose && one.key === id)) return;
    const uses = await countKeyUse(tx);
    const rows = rowsOf(uses, purpose, id);
    if (rows !== letGo) {
      throw new KeyProblem(
        rows === 0
          ? `nothing hangs on ${purpose} key ${id}: retire it without --let-go`
          : `${purpose} key ${id} is still needed: ${describeUses(uses, purpose, id)} (${rows} in all)`,
      );
    }
    if (letGo > 0) await letRowsGo(tx, deps.now(), purpose, id);
    // The database first: a file that lacks a key which is not retired would keep the server from starting.
    await noteRetired(tx, deps.now(), { purpose, key: id, letGo, by: deps.by });
  });
  await change(deps, async (rings) => rings);
  await waitForProcesses(deps);
  deps.say(`${purpose} key ${id} is retired`);
};
