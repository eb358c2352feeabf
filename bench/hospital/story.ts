import type { EventKind, Factor } from '#contract/audit.ts';
import type { Draw } from './draw.ts';
import { type Ward, wards } from './names.ts';
import type { Place } from './places.ts';
import { bustle, isNight } from './rhythm.ts';
import type { Card, Person } from './staff.ts';

/** What happened, as an event says it. */
export interface Line {
  readonly at: number;
  readonly kind: EventKind;
  readonly outcome: 'success' | 'minor' | 'serious' | 'major';
  readonly place?: Place;
  readonly person?: string | null;
  readonly actor?: string | null;
  readonly card?: string | null;
  readonly attempt?: string;
  readonly session?: string;
  readonly factors?: readonly Factor[];
  readonly reason?: string;
  readonly supportCode?: string;
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
  /** A terminal wrote it into its journal, so many milliseconds before the server had it. */
  readonly lag?: number;
}

/** A card that was known at a terminal. */
interface Attempt {
  readonly place: Place;
  readonly person: string;
  readonly card: string;
  readonly attempt: string;
  readonly supportCode: string;
}

/** Somebody who was let in; `endedAt` is null while they are there. */
export interface Stay extends Attempt {
  readonly session: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly reason: string;
}

export interface StoryDeps {
  readonly draw: Draw;
  readonly staff: readonly Person[];
  readonly places: readonly Place[];
  readonly from: number;
  readonly until: number;
  /** About so many lines. */
  readonly lines: number;
  /** What happens besides logins, by its time. */
  readonly others: readonly Line[];
  /** Told of who is let in. */
  readonly stayed: (stay: Stay) => void;
}

/** About so many lines come of a login. */
const linesOfLogin = 6.3;

const hour = 3_600_000;
const second = 1000;

interface Team {
  readonly ward: Ward;
  readonly places: readonly Place[];
  readonly byDay: readonly Person[];
  readonly byNight: readonly Person[];
}

const formTeams = ({ staff, places }: StoryDeps): readonly Team[] =>
  wards.flatMap((ward) => {
    const here = places.filter((place) => place.ward === ward && place.state === 'active');
    const people = staff.filter((person) => person.ward === ward);
    const nights = people.filter((person) => person.nights);
    if (here.length === 0 || people.length === 0) return [];
    return [{ ward, places: here, byDay: people, byNight: nights.length === 0 ? people : nights }];
  });

const whyEnded = { 'same-card': 52, button: 14, idle: 22, 'other-card': 11, limit: 1 } as const;
const whyRefused = { 'unknown-card': 40, 'card-suspended': 18, 'card-revoked': 20, 'card-disabled': 8 } as const;
const whyAbandoned = { cancelled: 45, 'too-slow': 40, 'other-card': 15 } as const;
const whyMisread = { 'too-short': 62, unreadable: 22, 'several-cards': 11, 'random-identifier': 5 } as const;

/** Logins with all that goes wrong around them. */
const createLogins = ({ draw, stayed, until }: StoryDeps, say: (line: Line) => void) => {
  const busyUntil = new Map<Place, number>();

  const findPlace = (team: Team, at: number): Place | undefined => {
    for (let tries = 0; tries < 6; tries += 1) {
      const place = draw.pick(team.places);
      if ((busyUntil.get(place) ?? 0) < at) return place;
    }
    return undefined;
  };
  const factorOf = ({ hasBoth, factor }: Person): Factor => {
    if (hasBoth && draw.chance(0.25)) return factor === 'pin' ? 'totp' : 'pin';
    return factor;
  };
  const cardOf = (person: Person): Card | undefined =>
    person.state === 'active' ? person.cards.find((card) => card.state === 'active') : undefined;

  const misread = (place: Place, at: number): number => {
    const reason = draw.weighted(whyMisread);
    say({ at, kind: 'card.misread', outcome: 'minor', place, reason, detail: { reader: place.reader }, lag: 400 });
    return at + draw.around(2500);
  };
  const refuse = (team: Team, place: Place, at: number): void => {
    const reason = draw.weighted(whyRefused);
    const person = reason === 'unknown-card' ? null : draw.pick(team.byDay);
    const card = person?.cards.find(({ state }) => reason === `card-${state}`) ?? null;
    say({
      at,
      kind: 'attempt.refused',
      outcome: reason === 'card-revoked' ? 'serious' : 'minor',
      place,
      person: card === null ? null : (person?.id ?? null),
      card: card?.id ?? null,
      factors: ['card'],
      reason: card === null ? 'unknown-card' : reason,
      supportCode: draw.supportCode(),
    });
  };

  /** The attempt is given up; false where it goes on. */
  const mayAbandon = (about: Attempt, begun: number): boolean => {
    if (!draw.chance(0.018)) return false;
    const reason = draw.weighted(whyAbandoned);
    const at = begun + (reason === 'too-slow' ? 60 * second : draw.around(8 * second));
    say({ ...about, at, kind: 'attempt.abandoned', outcome: 'minor', factors: ['card'], reason });
    return true;
  };

  /** How long typing and checking took; null when the factor was locked. */
  const prove = (about: Attempt, factors: readonly Factor[], begun: number) => {
    let typing = draw.around(factors.includes('pin') ? 3200 : 7000, 0.35);
    let checking = 0;
    for (let failures = 1; draw.chance(failures === 1 ? 0.045 : 0.22); failures += 1) {
      checking += draw.around(90);
      const told = { ...about, at: begun + typing + checking, factors, detail: { failures } };
      say({ ...told, kind: 'proof.refused', outcome: 'minor', reason: 'wrong' });
      if (failures === 5) {
        say({ ...told, kind: 'credential.locked', outcome: 'serious', reason: 'locked' });
        return null;
      }
      typing += draw.around(4200, 0.35);
    }
    return { typing, checking: checking + draw.around(95) };
  };

  const stay = (about: Attempt, factors: readonly Factor[], reading: number, opened: number, machine: number): Stay => {
    const { place, person, card, attempt } = about;
    const session = draw.uuid(opened);
    say({ ...about, at: opened, kind: 'proof.accepted', outcome: 'success', factors });
    say({ ...about, at: opened, kind: 'session.began', outcome: 'success', factors, session });
    const covering = draw.around(22);
    const ready = opened + covering;
    const detail = { machineMs: Math.round(machine + covering), readyMs: Math.round(reading + covering) };
    const screen = { place, person, session };
    say({ ...screen, at: ready + 300, kind: 'screen.opened', outcome: 'success', attempt, factors, detail, lag: 300 });
    const reason = draw.weighted(whyEnded);
    const ended = ready + (reason === 'limit' ? 8 * hour : draw.around(reason === 'idle' ? 900_000 : 420_000, 0.9));
    busyUntil.set(place, ended);
    say({ ...screen, at: ended + 300, kind: 'screen.locked', outcome: 'success', reason, lag: 300 });
    say({ ...screen, at: ended + 320, kind: 'session.ended', outcome: 'success', card, attempt, reason });
    return { ...about, session, startedAt: opened, endedAt: ended < until ? ended : null, reason };
  };

  /** One person at one terminal. */
  return (team: Team, startedAt: number): void => {
    const place = findPlace(team, startedAt);
    if (place === undefined) return;
    let at = startedAt;
    while (draw.chance(place.trouble === 'misreads' ? 0.3 : 0.02)) at = misread(place, at);
    if (draw.chance(0.011)) return refuse(team, place, at);
    const person = draw.pick(isNight(at) ? team.byNight : team.byDay);
    const card = cardOf(person);
    if (card === undefined) return;
    const reading = draw.around(place.trouble === 'slow' ? 1900 : 130);
    const about = { place, person: person.id, card: card.id, attempt: draw.uuid(at), supportCode: draw.supportCode() };
    const begun = at + reading;
    const detail = { assurance: 'identifier' };
    say({ ...about, at: begun, kind: 'attempt.begun', outcome: 'success', factors: ['card'], detail });
    if (mayAbandon(about, begun)) return;
    const factors: readonly Factor[] = ['card', factorOf(person)];
    const proved = prove(about, factors, begun);
    if (proved === null) return;
    const { typing, checking } = proved;
    stayed(stay(about, factors, reading + typing + checking, begun + typing + checking, reading + checking));
  };
};

/** What terminals tell of themselves. */
const createTroubles =
  ({ draw, places }: StoryDeps, say: (line: Line) => void) =>
  (from: number): void => {
    const standing = places.filter(({ state }) => state === 'active');
    for (let some = draw.whole(0, Math.ceil(standing.length / 250)); some > 0; some -= 1) {
      const place = draw.pick(standing);
      const at = from + draw.next() * hour;
      const back = at + draw.around(90 * second);
      const what = draw.weighted({ link: 60, reader: 25, restart: 15 });
      if (what === 'link') {
        say({ at, kind: 'terminal.disconnected', outcome: 'minor', place });
        say({ at: back, kind: 'link.lost', outcome: 'minor', place, reason: 'server-unreachable', lag: back - at });
        const detail = { address: '10.20.0.1', clockOffsetMs: Math.round(place.clockOffset) };
        say({ at: back, kind: 'terminal.connected', outcome: 'success', place, detail });
        say({ at: back + 300, kind: 'link.restored', outcome: 'success', place, lag: 300 });
      } else if (what === 'reader') {
        say({ at, kind: 'reader.lost', outcome: 'minor', place, reason: 'no-reader', lag: 300 });
        say({ at: back, kind: 'reader.ready', outcome: 'success', place, detail: { reader: place.reader }, lag: 300 });
      } else {
        say({ at, kind: 'guard.stopped', outcome: 'success', place, lag: 300 });
        say({ at: back, kind: 'guard.started', outcome: 'success', place, lag: 300 });
        say({ at: back + 100, kind: 'screen.joined', outcome: 'success', place, lag: 300 });
        say({
          at: back + 200,
          kind: 'reader.ready',
          outcome: 'success',
          place,
          detail: { reader: place.reader },
          lag: 300,
        });
      }
    }
    for (const place of standing)
      if (Math.abs(place.clockOffset) > 5000 && draw.chance(0.02)) {
        const detail = { offsetMs: Math.round(place.clockOffset) };
        say({ at: from + draw.next() * hour, kind: 'clock.wrong', outcome: 'serious', place, detail, lag: 300 });
      }
  };

/** All that happened, hour by hour, each hour in its order. */
export function* tellStory(deps: StoryDeps): Generator<readonly Line[]> {
  const { draw, from, until, lines, others } = deps;
  const teams = formTeams(deps);
  const waiting = new Map<number, Line[]>();
  let said = 0;
  const say = (line: Line): void => {
    if (line.at >= until) return;
    const slot = Math.floor(line.at / hour);
    const there = waiting.get(slot);
    if (there === undefined) waiting.set(slot, [line]);
    else there.push(line);
    said += 1;
  };
  for (const line of others) say(line);
  const logIn = createLogins(deps, say);
  const trouble = createTroubles(deps, say);
  const weigh = (at: number): number =>
    teams.reduce((sum, { ward, byDay }) => sum + bustle(ward.hours, at) * byDay.length, 0);
  let left = 0;
  for (let at = from; at < until; at += hour) left += weigh(at);
  for (let at = from; at < until; at += hour) {
    trouble(at);
    const weight = weigh(at);
    const share = Math.min(1, (until - at) / hour);
    const aim = said + ((lines - said) * weight) / Math.max(weight, left);
    left -= weight;
    const shares = teams.map(({ ward, byDay }) => bustle(ward.hours, at) * byDay.length);
    const aimed = said + (aim - said) * share;
    // At the end of an hour a login is as likely as there are lines left for it: small hospitals keep their rhythm too.
    while (weight > 0 && draw.chance((aimed - said) / linesOfLogin))
      logIn(pickBy(draw, teams, shares, weight), at + draw.next() * hour * share);
    const slot = Math.floor(at / hour);
    for (const each of [...waiting.keys()].filter((key) => key <= slot).sort((one, other) => one - other)) {
      const now = waiting.get(each) ?? [];
      waiting.delete(each);
      yield now.sort((one, other) => one.at - other.at);
    }
  }
  for (const rest of [...waiting].sort(([one], [other]) => one - other))
    yield rest[1].sort((one, other) => one.at - other.at);
}

const pickBy = (draw: Draw, teams: readonly Team[], shares: readonly number[], weight: number): Team => {
  let left = draw.next() * weight;
  for (const [place, team] of teams.entries()) {
    left -= shares[place] ?? 0;
    if (left < 0) return team;
  }
  return draw.pick(teams);
};
