import type { Entry, Place } from '../account.ts';
import type { FoundRecord } from '../journal.ts';

/** The invariants that hold whatever fails. */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4';

export interface Violation {
  readonly invariant: Invariant;
  readonly what: string;
}

/** A line of the exported log. */
export interface LoggedEvent {
  readonly seq: number;
  readonly kind: string;
  readonly id: string;
  readonly at: string;
  readonly person: string | null;
  readonly terminal: string | null;
  readonly session: string | null;
  readonly reason: string | null;
  readonly support_code: string | null;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
  readonly epoch: string | null;
  readonly sequence: number | null;
  readonly hash: string | null;
}

/** All that is known when a run is over. */
export interface Findings {
  /** What was promised, in the order in which it was. */
  readonly entries: readonly Entry[];
  readonly events: readonly LoggedEvent[];
  /** What each terminal has on its disk in the end, by its name. */
  readonly journals: Readonly<Record<string, readonly Pick<FoundRecord, 'epoch' | 'sequence' | 'hash' | 'facts'>[]>>;
  /** Identifiers of terminals by their names, and of people by their staff numbers. */
  readonly terminals: Readonly<Record<string, string>>;
  readonly people: Readonly<Record<string, string>>;
  /** What the verifier of the log said of the export. */
  readonly verified: { readonly ok: boolean; readonly said: string };
  /** Milliseconds until the desk, and each terminal, did their work again by themselves after the last fault; null: they did not. */
  readonly recovered: Readonly<Record<string, number | null>>;
}

export type Of<Kind extends Entry['kind']> = Extract<Entry, { kind: Kind }>;

export const listOf = <Kind extends Entry['kind']>({ entries }: Pick<Findings, 'entries'>, kind: Kind): Of<Kind>[] =>
  entries.filter((one): one is Of<Kind> => one.kind === kind);

export const countBy = <Value>(values: readonly Value[], key: (value: Value) => string | null): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const value of values) {
    const name = key(value);
    if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
};

/** Names a record of a journal for ever. */
export const placeKey = (terminal: string, { epoch, sequence }: Omit<Place, 'hash'>): string =>
  `${terminal} ${epoch} ${sequence}`;

/** Records that a fault has spoilt on the disk: they need not come to the log. */
export const listSpoilt = (findings: Findings): ReadonlySet<string> =>
  new Set(
    listOf(findings, 'spoilt').flatMap(({ terminal, records }) => records.map((record) => placeKey(terminal, record))),
  );

/** Whether what the server alone knew at this time was put back to before it. */
export const isPutBack = (findings: Findings, at: number): boolean =>
  listOf(findings, 'restored').some((one) => one.from <= at && at <= one.at);
