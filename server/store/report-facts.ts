import { type EventFacts, type JournalRecord, terminalKinds } from '#contract/audit.ts';
import type { TerminalId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { findUnproven, type Told } from './lost-times.ts';
import { findHere, hereKey, type OfflineUse, type PersonThere, tryReadOfflineUse } from './offline.ts';

/** Journal records that a terminal has sent, oldest first. */
export interface Report {
  readonly terminal: TerminalId;
  readonly records: readonly JournalRecord[];
  /** Of the server that told the terminal what it has; undefined from terminals that do not say. */
  readonly incarnation?: string | undefined;
  /** How far a server has told the terminal that it has the journal of the first record. */
  readonly after?: number | undefined;
  /** By which the terminal vouches for its last record and all before it, checked. */
  readonly vouched?: { readonly signature: string; readonly key: Buffer } | undefined;
}

/** Of the objects that the records of a terminal name, its own; a session with its person. */
export interface Known {
  readonly ids: ReadonlySet<string>;
  readonly personOf: ReadonlyMap<string, string>;
  /** Of these sessions those that it is known to have opened without the server. */
  readonly offline: ReadonlySet<string>;
  /** People who have had a session there. */
  readonly here: ReadonlySet<string>;
  /** Records of which the terminal alone knows whom they concern, since the database was put back to before. */
  readonly unproven: ReadonlySet<JournalRecord>;
}

/** Whether somebody whom a record names is known to have been there. */
const isProven = (
  { kind, person, session }: EventFacts,
  { here, personOf }: Pick<Known, 'here' | 'personOf'>,
): boolean =>
  person != null && ((kind.startsWith('offline.') && here.has(person)) || personOf.get(session ?? '') === person);

const named = ['card', 'attempt', 'session', 'ceremony'] as const;

interface KnownRow {
  readonly terminal: TerminalId;
  readonly id: string;
  readonly person: string | null;
  /** Whether nothing but the terminal's word has ever proved the session; null for what was not one without the server. */
  readonly unproven: boolean | null;
}

/** What is of these terminals of all that their records name. */
const findNamed = async (tx: Transaction, reports: readonly Report[]): Promise<readonly KnownRow[]> => {
  const ids = new Set<string>();
  for (const { records } of reports)
    for (const { facts } of records)
      for (const name of named) {
        const id = facts[name];
        if (id != null) ids.add(id);
      }
  if (ids.size === 0) return [];
  return tx.query<KnownRow>(
    `select terminal, id, person, null::boolean as unproven from session where id = any($1) and terminal = any($2)
     union all select terminal, id, person, unproven from offline_session where id = any($1) and terminal = any($2)
     union all select terminal, card, null, null from session where id = any($1) and terminal = any($2)
     union all select terminal, id, null, null from attempt where id = any($1) and terminal = any($2)
     union all select terminal, id, null, null from ceremony where id = any($1) and terminal = any($2)`,
    [[...ids], reports.map(({ terminal }) => terminal)],
    'named-by-records',
  );
};

/** Of a report the records of these sessions and of no other person than theirs. */
const listDoubtful = (
  report: Report | undefined,
  sessions: ReadonlySet<string>,
  personOf: ReadonlyMap<string, string>,
): JournalRecord[] =>
  (report?.records ?? []).filter(({ facts: { person, session } }) => {
    const told = session != null && sessions.has(session) ? personOf.get(session) : undefined;
    return told !== undefined && (person ?? told) === told;
  });

/** For each report what its terminal may name. */
export const findKnown = async (tx: Transaction, now: Date, reports: readonly Report[]): Promise<readonly Known[]> => {
  const alone: PersonThere[] = [];
  for (const { terminal, records } of reports)
    for (const { facts } of records)
      if (facts.person && facts.kind.startsWith('offline.')) alone.push({ terminal, person: facts.person });
  const here = await findHere(tx, alone);
  const rows = Map.groupBy(await findNamed(tx, reports), ({ terminal }) => terminal);
  const proven = reports.map(({ terminal, records }) => {
    const isHere = (person: string): boolean => here.has(hereKey({ terminal, person }));
    const opened: OfflineUse[] = [];
    for (const one of records) {
      const use = tryReadOfflineUse(one);
      if (use !== null && isHere(use.person)) opened.push(use);
    }
    const own = rows.get(terminal) ?? [];
    return {
      ids: new Set([...own.map(({ id }) => id), ...opened.map(({ session }) => session)]),
      personOf: new Map([
        ...opened.map(({ session, person }): [string, string] => [session, person]),
        ...own.flatMap(({ id, person }): [string, string][] => (person === null ? [] : [[id, person]])),
      ]),
      offline: new Set(own.flatMap(({ id, unproven }) => (unproven === null ? [] : [id]))),
      doubtful: new Set(own.flatMap(({ id, unproven }) => (unproven === true ? [id] : []))),
      here: new Set(alone.flatMap(({ person }) => (isHere(person) ? [person] : []))),
    };
  });
  const asked: Told[] = [];
  for (const [place, { records, terminal }] of reports.entries()) {
    const known = proven[place];
    if (known === undefined) continue;
    for (const record of records)
      if (record.facts.person != null && !isProven(record.facts, known)) asked.push({ terminal, record });
  }
  const lost = await findUnproven(tx, now, asked);
  return proven.map(({ doubtful, ...known }, place) => ({
    ...known,
    unproven:
      doubtful.size === 0 ? lost : new Set([...lost, ...listDoubtful(reports[place], doubtful, known.personOf)]),
  }));
};

const ownKinds: ReadonlySet<string> = new Set(terminalKinds);

/**
 * What a terminal may say: of its own parts, and of a person only with a session that the person had there, or marked as
 * its word alone. Who acted and which support code it had is the server's to say, and a kind of the server's is turned into
 * a refusal.
 */
export const keepOwn = (record: JournalRecord, known: Known): EventFacts => {
  const { facts } = record;
  const { kind } = facts;
  if (!ownKinds.has(kind))
    return { kind: 'request.refused', outcome: 'serious', reason: 'foreign-kind', factors: [], detail: { kind } };
  const isUnproven = known.unproven.has(record);
  const own = <Id extends string>(id: Id | null | undefined): Id | null =>
    id != null && known.ids.has(id) ? id : null;
  // Written out: of each of tens of thousands of records a second one is made.
  return {
    kind,
    outcome: facts.outcome,
    person: isUnproven || isProven(facts, known) ? facts.person : null,
    actor: null,
    card: own(facts.card),
    attempt: own(facts.attempt),
    session: isUnproven ? facts.session : own(facts.session),
    ceremony: own(facts.ceremony),
    factors: facts.factors,
    reason: facts.reason,
    supportCode: null,
    detail: isUnproven ? { ...facts.detail, unproven: 'database-put-back' } : facts.detail,
  };
};
