/** I1: every event that was acknowledged, by a terminal or by the server, is in the log exactly once in the end. */
import {
  countBy,
  type Findings,
  isPutBack,
  type LoggedEvent,
  listOf,
  listSpoilt,
  placeKey,
  type Violation,
} from './findings.ts';

const broken = (what: string): Violation => ({ invariant: 'I1', what });

/** Events that terminals reported, by the record that each is. */
const groupRecords = ({ events, terminals }: Findings): Map<string, LoggedEvent[]> => {
  const names = new Map(Object.entries(terminals).map(([name, id]) => [id, name]));
  return Map.groupBy(
    events.filter(({ epoch }) => epoch !== null),
    ({ terminal, epoch, sequence }) =>
      placeKey(names.get(terminal ?? '') ?? String(terminal), { epoch: epoch ?? '', sequence: sequence ?? 0 }),
  );
};

/** A database that lost its end without a word may have had a terminal's records again before that was noticed. */
const isNameless = (findings: Findings, at: number): boolean =>
  listOf(findings, 'restored').some(
    (one) => one.noticed !== 'server.restored' && one.from <= at && at <= one.at + 1_000,
  );

const checkOpenings = (findings: Findings, records: ReadonlyMap<string, readonly LoggedEvent[]>): Violation[] => {
  const spoilt = listSpoilt(findings);
  return listOf(findings, 'opened').flatMap(({ at, login, number, terminal, record }) => {
    if (record === null) return [broken(`login ${login}: the desktop showed before its event was in the journal`)];
    const key = placeKey(terminal, record);
    const found = records.get(key) ?? [];
    if (found.some(({ hash }) => hash !== record.hash))
      return [broken(`login ${login}: the log has another event in the place ${key}`)];
    if (found.length !== 1)
      return spoilt.has(key) ? [] : [broken(`login ${login}: its opening ${key} is in the log ${found.length} times`)];
    const [event] = found;
    return event?.person === findings.people[number] || isNameless(findings, at)
      ? []
      : [broken(`login ${login}: its opening ${key} does not name ${number}`)];
  });
};

const checkJournals = (findings: Findings, records: ReadonlyMap<string, readonly LoggedEvent[]>): Violation[] => [
  ...[...records].flatMap(([key, found]) =>
    found.length > 1 ? [broken(`${key} (${found[0]?.kind}) is in the log ${found.length} times`)] : [],
  ),
  ...Object.entries(findings.journals).flatMap(([terminal, journal]) =>
    journal.flatMap((record) => {
      const key = placeKey(terminal, record);
      const [found] = records.get(key) ?? [];
      if (found === undefined) return [broken(`${key} (${record.facts.kind}) is on the disk and not in the log`)];
      return found.hash === record.hash ? [] : [broken(`${key} is another event in the log than on the disk`)];
    }),
  ),
];

/** What a terminal without a guard brought; it does not bring again what a database lost that was put back. */
const checkBrought = (findings: Findings, records: ReadonlyMap<string, readonly LoggedEvent[]>): Violation[] =>
  listOf(findings, 'brought').flatMap(({ at, epoch, terminal, upTo }) => {
    if (isPutBack(findings, at)) return [];
    const lacking = Array.from({ length: upTo }, (_, place) => place + 1).filter(
      (sequence) => records.get(placeKey(terminal, { epoch, sequence }))?.length !== 1,
    );
    return lacking.length === 0
      ? []
      : [broken(`${terminal} ${epoch}: ${lacking.length} of ${upTo} that were taken are not in the log once`)];
  });

/** What opened was locked, once; what began ended, once. */
const checkEnds = (findings: Findings): Violation[] => {
  const { events } = findings;
  const spoilt = listSpoilt(findings).size > 0;
  const countOf = (kind: string) =>
    countBy(
      // A guard whose disk forgot that it had locked says at its start that it is locked.
      events.filter(
        (event) => event.kind === kind && !(spoilt && kind === 'screen.locked' && event.reason === 'start'),
      ),
      ({ session }) => session,
    );
  const [opened, locked] = [countOf('screen.opened'), countOf('screen.locked')];
  const [began, ended] = [countOf('session.began'), countOf('session.ended')];
  const isRestored = listOf(findings, 'restored').length > 0;
  const twice = (what: string, counts: ReadonlyMap<string, number>): Violation[] =>
    [...counts].flatMap(([session, count]) =>
      count > 1 ? [broken(`${what} ${count} times: session ${session}`)] : [],
    );
  const without = (what: string, some: ReadonlyMap<string, number>, others: ReadonlyMap<string, number>): Violation[] =>
    [...some.keys()].flatMap((session) => (others.has(session) ? [] : [broken(`${what}: session ${session}`)]));
  return [
    ...twice('opened', opened),
    ...twice('locked', locked),
    ...twice('began', began),
    ...twice('ended', ended),
    ...(spoilt ? [] : without('opened and never locked', opened, locked)),
    ...(isRestored ? [] : without('began and never ended', began, ended)),
  ];
};

const checkRefusals = (findings: Findings): Violation[] => {
  const refused = findings.events.filter(({ kind }) => kind === 'attempt.refused');
  const counts = countBy(refused, ({ support_code }) => support_code);
  return listOf(findings, 'refused').flatMap(({ at, code, login, why }) => {
    if (code === null || why !== 'card' || isPutBack(findings, at)) return [];
    const count = counts.get(code) ?? 0;
    return count === 1 ? [] : [broken(`login ${login}: its refusal ${code} is in the log ${count} times`)];
  });
};

/** One try counts once: neither forgotten nor, because its answer was lost, counted again. */
const checkTries = (findings: Findings): Violation[] => {
  const { events, people } = findings;
  const entered = new Set(listOf(findings, 'entered').map(({ login }) => login));
  const told = new Map(listOf(findings, 'wrong').map(({ at, login }) => [login, at]));
  const tries = listOf(findings, 'tried').filter(({ right, login }) => !right && entered.has(login));
  return Object.entries(people).flatMap(([number, person]) => {
    const own = tries.filter((one) => one.number === number);
    const acknowledged = own.filter(({ login }) => !isPutBack(findings, told.get(login) ?? 0) && told.has(login));
    const about = events.filter((event) => event.person === person);
    const online = about.filter(({ kind, reason }) => kind === 'proof.refused' && reason === 'wrong').length;
    const alone = about.filter(({ kind, reason }) => kind === 'offline.refused' && reason === 'wrong-secret').length;
    const problems: Violation[] = [];
    for (const [what, count] of Object.entries({ online, alone }))
      if (count > own.length) problems.push(broken(`${number}: ${count} wrong tries ${what} of ${own.length} typed`));
    const spoilt = listSpoilt(findings).size;
    if (online + alone + spoilt < acknowledged.length)
      problems.push(
        broken(`${number}: ${online + alone} wrong tries are in the log, ${acknowledged.length} were answered`),
      );
    return problems;
  });
};

const checkActs = (findings: Findings): Violation[] => {
  const done = new Map(listOf(findings, 'done').map(({ act, at }) => [act, at]));
  const added = countBy(
    findings.events.filter(({ kind }) => kind === 'person.added'),
    ({ detail }) => String(detail['number']),
  );
  return listOf(findings, 'asked').flatMap(({ act, what, number }) => {
    if (what !== 'add') return [];
    const at = done.get(act);
    const count = added.get(number) ?? 0;
    const isPromised = at !== undefined && !isPutBack(findings, at);
    return count > 1 || (isPromised && count === 0) ? [broken(`${number} was added ${count} times`)] : [];
  });
};

export const checkPromises = (findings: Findings): Violation[] => {
  const records = groupRecords(findings);
  return [
    ...checkOpenings(findings, records),
    ...checkJournals(findings, records),
    ...checkBrought(findings, records),
    ...checkEnds(findings),
    ...checkRefusals(findings),
    ...checkTries(findings),
    ...checkActs(findings),
  ];
};
