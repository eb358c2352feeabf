/**
 * What was promised to somebody, written outside the product and on the disk before anybody goes on: one JSON line each.
 * Times are milliseconds since 1970 by this process, which nobody shifts.
 */
import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { z } from 'zod';

const time = z.number();
const terminal = z.string();
/** Staff number of a person. */
const number = z.string();

/** A record of a terminal's journal, as it lay on its disk. */
export const place = z.strictObject({ epoch: z.string(), sequence: z.int(), hash: z.string() });
export type Place = z.infer<typeof place>;

export const entry = z.discriminatedUnion('kind', [
  /** Somebody holds a card and types; `right`: nothing but a suspension can be against it. */
  z.strictObject({
    kind: z.literal('tried'),
    at: time,
    login: z.int(),
    terminal,
    number: number.nullable(),
    right: z.boolean(),
  }),
  /** Something was typed to its end. */
  z.strictObject({ kind: z.literal('entered'), at: time, login: z.int() }),
  /** The desktop shows; which record the journal then had of it. */
  z.strictObject({
    kind: z.literal('opened'),
    at: time,
    login: z.int(),
    terminal,
    number: z.string(),
    offline: z.boolean(),
    record: place.extend({ session: z.string() }).nullable(),
  }),
  /** A lease came while nobody had asked for one. */
  z.strictObject({ kind: z.literal('shown-unasked'), at: time, terminal, number: z.string().nullable() }),
  z.strictObject({ kind: z.literal('covered'), at: time, terminal, login: z.int() }),
  /** What was typed was said to be wrong. */
  z.strictObject({ kind: z.literal('wrong'), at: time, login: z.int() }),
  /** A card was turned away, with the code by which helpdesk finds out why. */
  z.strictObject({
    kind: z.literal('refused'),
    at: time,
    login: z.int(),
    why: z.string(),
    code: z.string().nullable(),
  }),
  /** The desk asks for something; `done` when it was told that it is done. */
  z.strictObject({ kind: z.literal('asked'), at: time, act: z.int(), what: z.string(), number }),
  z.strictObject({ kind: z.literal('done'), at: time, act: z.int() }),
  /** A fault strikes, and is healed. */
  z.strictObject({ kind: z.literal('struck'), at: time, fault: z.string(), where: z.string(), place: z.int() }),
  z.strictObject({ kind: z.literal('healed'), at: time, fault: z.string(), where: z.string(), place: z.int() }),
  /** A terminal without a guard was told that its journal is stored up to this record. */
  z.strictObject({ kind: z.literal('brought'), at: time, terminal, epoch: z.string(), upTo: z.int() }),
  /** Records that were spoilt on the disk of a terminal, and whether that has to be noticed. */
  z.strictObject({
    kind: z.literal('spoilt'),
    at: time,
    terminal,
    records: z.array(place.omit({ hash: true })),
    /** The event by which it has to be noticed. */
    noticed: z.string().nullable(),
  }),
  /** The database is the one of `from` again: what the server alone knew since then is gone, and the log says so by this event. */
  /** `noticed`: the event by which it has to be noticed; null where nothing that was signed is gone. */
  z.strictObject({ kind: z.literal('restored'), at: time, from: time, noticed: z.string().nullable() }),
]);
export type Entry = z.infer<typeof entry>;

/** An entry without its time. */
type Untimed<One> = One extends Entry ? Omit<One, 'at'> & { readonly at?: number } : never;
export type NewEntry = Untimed<Entry>;

export interface Account {
  /** Returns when it is on the disk. */
  write(one: NewEntry): void;
  close(): void;
}

export const openAccount = (path: string): Account => {
  const file = openSync(path, 'a', 0o600);
  return {
    write(one) {
      writeSync(file, `${JSON.stringify({ at: Date.now(), ...one })}\n`);
      fdatasyncSync(file);
    },
    close: () => closeSync(file),
  };
};

export const readAccount = (path: string): Entry[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => entry.parse(JSON.parse(line)));
