/** I2: nobody is let in who should be refused, beyond the bound that was promised. */
import { type Findings, listOf, type Violation } from './findings.ts';

const broken = (what: string): Violation => ({ invariant: 'I2', what });
const hour = 3_600_000;

export interface Bounds {
  /** Hours after a login with the server for which a terminal may go on alone. */
  readonly offlineHours: number;
  /** Milliseconds from a suspension to the lock of whoever was just working, while nothing fails. */
  readonly lock: number;
}

/** From when to when a person was suspended beyond doubt: told so, and not yet asked back. */
interface Suspension {
  readonly number: string;
  readonly from: number;
  readonly to: number;
}

const listSuspensions = (findings: Findings): Suspension[] => {
  const done = new Map(listOf(findings, 'done').map(({ act, at }) => [act, at]));
  const asked = listOf(findings, 'asked');
  return asked.flatMap(({ act, what, number }) => {
    const from = done.get(act);
    if (what !== 'suspend' || from === undefined) return [];
    const back = asked.find((one) => one.what === 'resume' && one.number === number && one.at >= from);
    return [{ number, from, to: back?.at ?? Number.POSITIVE_INFINITY }];
  });
};

const checkSuspended = (findings: Findings): Violation[] => {
  const { events, people, terminals } = findings;
  const entered = new Map(listOf(findings, 'entered').map(({ at, login }) => [login, at]));
  const restored = listOf(findings, 'restored');
  const suspensions = listSuspensions(findings);
  return listOf(findings, 'opened').flatMap(({ at, login, number, record, terminal }) => {
    const typed = entered.get(login) ?? 0;
    const suspended = suspensions.find((one) => one.number === number && one.from < typed && at < one.to);
    // A suspension that a backup does not hold is gone with all that came after it.
    if (suspended === undefined || restored.some((one) => one.from < suspended.from && suspended.from < one.at))
      return [];
    const about = events.filter(({ session }) => session !== null && session === record?.session);
    const who = `login ${login}: ${number}, suspended for ${typed - suspended.from} ms, was let in at ${terminal}`;
    if (!about.some(({ kind }) => kind === 'offline.opened')) return [broken(who)];
    const knew = events.some(
      (event) =>
        event.kind === 'revocation.confirmed' &&
        event.terminal === terminals[terminal] &&
        event.person === people[number] &&
        Date.parse(event.at) > suspended.from - hour &&
        Date.parse(event.at) < typed &&
        Date.parse(event.at) >= suspended.from,
    );
    if (knew) return [broken(`${who} without the server, which had told that terminal`)];
    return about.some(({ kind }) => kind === 'offline.contested')
      ? []
      : [broken(`${who} without the server, and there is no alarm`)];
  });
};

/** What a terminal did alone stays within the hours, or is an alarm. */
const checkHours = ({ events }: Findings, { offlineHours }: Bounds): Violation[] =>
  events.flatMap(({ detail, kind, session }) => {
    if (kind !== 'offline.opened') return [];
    const age = Date.parse(String(detail['at'])) - Date.parse(String(detail['loginAt']));
    const isIn = age >= 0 && age <= offlineHours * hour;
    const isAlarmed = events.some((event) => event.kind === 'offline.contested' && event.session === session);
    return isIn || isAlarmed ? [] : [broken(`session ${session} was opened alone ${age} ms after its login`)];
  });

/** A terminal needs a while after a fault until it hears of anything again (milliseconds). */
const settling = 20_000;

/** Whoever was working when they were suspended was locked out in time, where nothing failed meanwhile. */
const checkLocks = (findings: Findings, { lock }: Bounds): Violation[] => {
  const healed = new Map(listOf(findings, 'healed').map(({ at, place }) => [place, at]));
  const faults = listOf(findings, 'struck').map(({ at, place }) => ({ from: at, to: healed.get(place) ?? at }));
  const covered = listOf(findings, 'covered');
  return listSuspensions(findings).flatMap(({ number, from }) =>
    listOf(findings, 'opened').flatMap((opened) => {
      const { at, login, terminal } = opened;
      const until = covered.find((one) => one.login === login && one.at > at)?.at ?? Number.POSITIVE_INFINITY;
      if (opened.number !== number || opened.offline || at > from || until < from) return [];
      const isCalm = !faults.some((fault) => fault.from < from + lock && fault.to > from - settling);
      return isCalm && until > from + lock
        ? [broken(`login ${login}: ${number} worked on at ${terminal} for ${until - from} ms after a suspension`)]
        : [];
    }),
  );
};

export const checkAdmission = (findings: Findings, bounds: Bounds): Violation[] => [
  ...listOf(findings, 'shown-unasked').map(({ number, terminal, at }) =>
    broken(`${terminal} showed a desktop (${number}) that nobody had opened, at ${new Date(at).toISOString()}`),
  ),
  ...checkSuspended(findings),
  ...checkHours(findings, bounds),
  ...checkLocks(findings, bounds),
];
