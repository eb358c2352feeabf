import { emergencyReason } from '#contract/cardless.ts';
import type { Draw } from './draw.ts';
import type { Place } from './places.ts';
import type { Person } from './staff.ts';
import type { Line } from './story.ts';

const hour = 3_600_000;
const day = 24 * hour;

export interface Revocation {
  readonly number: number;
  readonly what: 'card' | 'person';
  readonly subject: string;
  readonly person: Person;
  readonly by: Person;
  readonly reason: string;
  readonly at: number;
  readonly receipts: readonly { readonly place: Place; readonly at: number; readonly locked: boolean }[];
}

export interface Emergency {
  readonly id: string;
  readonly session: string;
  readonly person: Person;
  readonly witness: Person;
  readonly place: Place;
  readonly reason: string;
  readonly supportCode: string;
  readonly at: number;
  readonly reviewedBy: Person | null;
}

export interface Approval {
  readonly id: string;
  readonly act: 'rebinding' | 'roles';
  readonly call: string;
  readonly subject: Person;
  readonly askedBy: Person;
  readonly about: string;
  readonly at: number;
}

/** What people in offices did, and what came of it. */
export interface Acts {
  readonly revocations: readonly Revocation[];
  readonly emergencies: readonly Emergency[];
  readonly approvals: readonly Approval[];
  readonly lines: readonly Line[];
}

interface Given {
  readonly draw: Draw;
  readonly staff: readonly Person[];
  readonly places: readonly Place[];
  readonly from: number;
  readonly until: number;
}

const withRole = (staff: readonly Person[], role: Person['roles'][number]): readonly Person[] =>
  staff.filter((person) => person.roles.includes(role) && person.state === 'active');

/** Cards that were lost and people who left: each terminal that was there has confirmed it, but for the last ones. */
const drawRevocations = ({ draw, staff, places, from, until }: Given): Revocation[] => {
  const desk = withRole(staff, 'helpdesk');
  const lost = staff.filter(({ cards }) => cards.some(({ state }) => state === 'revoked')).slice(0, 24);
  const reachable = places.filter(({ state }) => state === 'active');
  const step = (until - from) / (lost.length + 1);
  return lost.map((person, place): Revocation => {
    const isLast = place === lost.length - 1;
    const at = isLast ? until - 2 * hour : from + step * (place + 1) + draw.next() * hour;
    const gone = person.state === 'suspended';
    const card = person.cards.find(({ state }) => state === 'revoked');
    return {
      number: place + 1,
      what: gone ? 'person' : 'card',
      subject: gone ? person.id : (card?.id ?? person.id),
      person,
      by: draw.pick(desk),
      reason: gone ? '退職' : 'カードを紛失した',
      at,
      receipts: reachable
        .filter(({ isOnline, seenAt }) => isOnline || seenAt > at)
        .map((terminal) => ({ place: terminal, at: at + draw.around(90), locked: draw.chance(0.001) })),
    };
  });
};

const linesOf = ({ number, what, subject, person, by, reason, at, receipts }: Revocation): Line[] => [
  ...(what === 'card'
    ? [
        {
          at,
          kind: 'card.revoked',
          outcome: 'success',
          person: person.id,
          actor: by.id,
          card: subject,
          reason,
        } as const,
      ]
    : [{ at, kind: 'person.suspended', outcome: 'success', person: person.id, actor: by.id, reason } as const]),
  {
    at,
    kind: 'revocation.issued',
    outcome: 'success',
    person: person.id,
    actor: by.id,
    reason,
    detail: { number, what, subject },
  },
  ...receipts.map(
    (receipt): Line => ({
      at: receipt.at,
      kind: 'revocation.confirmed',
      outcome: 'success',
      place: receipt.place,
      person: person.id,
      detail: { number, what, locked: receipt.locked },
    }),
  ),
];

const drawEmergencies = ({ draw, staff, places, from, until }: Given): Emergency[] => {
  const clinicians = withRole(staff, 'clinician');
  const auditors = withRole(staff, 'auditor');
  const always = places.filter(({ ward, state }) => ward.hours === 'always' && state === 'active');
  return Array.from({ length: 9 }, (_, place): Emergency => {
    const at = place < 7 ? from + ((until - from) * (place + 0.5)) / 7.5 : until - (place - 6) * 9 * hour;
    const person = draw.pick(clinicians);
    return {
      id: draw.uuid(at),
      session: draw.uuid(at),
      person,
      witness: draw.pick(clinicians.filter((one) => one !== person)),
      place: draw.pick(always),
      reason: draw.pick(emergencyReason.options),
      supportCode: draw.supportCode(),
      at,
      reviewedBy: place < 7 ? draw.pick(auditors) : null,
    };
  });
};

const tellEmergency = ({
  id,
  at,
  session,
  person,
  witness,
  place,
  reason,
  supportCode,
  reviewedBy,
}: Emergency): Line[] => [
  {
    at,
    kind: 'emergency.opened',
    outcome: 'major',
    place,
    person: person.id,
    actor: witness.id,
    session,
    factors: ['witness'],
    reason,
    supportCode,
  },
  ...(reviewedBy === null
    ? []
    : [
        {
          at: at + 14 * hour,
          kind: 'emergency.reviewed',
          outcome: 'success',
          person: person.id,
          actor: reviewedBy.id,
          reason: 'in-order',
          detail: { review: id },
        } as const,
      ]),
];

/** The console is used in the hours of the office. */
const drawConsole = ({ draw, staff, from, until }: Given): Line[] => {
  const people = staff.filter(({ roles }) => roles.some((role) => role !== 'clinician'));
  const lines: Line[] = [];
  for (let morning = from; morning < until; morning += day) {
    for (const person of people) {
      if (!draw.chance(0.6)) continue;
      const at = morning + (8 + draw.next() * 9) * hour;
      if (draw.chance(0.06))
        lines.push({
          at,
          kind: 'console.sign-in-refused',
          outcome: 'minor',
          person: person.id,
          reason: 'code-wrong',
          detail: { address: '10.20.1.9' },
        });
      lines.push({
        at: at + 20_000,
        kind: 'console.signed-in',
        outcome: 'success',
        person: person.id,
        factors: draw.chance(0.5) ? ['passkey'] : ['password', 'totp'],
        detail: { address: '10.20.1.9' },
      });
      lines.push({
        at: at + 90_000,
        kind: 'log.viewed',
        outcome: 'success',
        actor: person.id,
        detail: { session: draw.uuid(at) },
      });
    }
  }
  return lines;
};

const drawEnrolments = ({ draw, staff, from, until }: Given): Line[] => {
  const desk = withRole(staff, 'helpdesk');
  return Array.from({ length: Math.ceil(staff.length / 12) }, () => draw.pick(staff)).flatMap((person): Line[] => {
    const at = from + draw.next() * (until - from);
    const actor = draw.pick(desk).id;
    return [
      { at, kind: 'card.enrolled', outcome: 'success', person: person.id, actor, card: person.cards[0]?.id ?? null },
      { at: at + 60_000, kind: 'pin.set', outcome: 'success', person: person.id, factors: ['card'] },
    ];
  });
};

/** Every night at two. */
const drawBackups = ({ from, until }: Given): Line[] => {
  const lines: Line[] = [];
  const firstNight = Math.ceil(from / day) * day - 7 * hour;
  for (let at = firstNight; at < until; at += day)
    if (at > from)
      lines.push({
        at,
        kind: 'backup.made',
        outcome: 'success',
        detail: { tables: 64, rows: 2_400_000, writeOnce: true },
      });
  return lines;
};

export const drawActs = (given: Given): Acts => {
  const { draw, staff, until } = given;
  const revocations = drawRevocations(given);
  const emergencies = drawEmergencies(given);
  const desk = withRole(staff, 'helpdesk');
  const approvals = Array.from({ length: 3 }, (_, place): Approval => {
    const at = until - (place + 1) * hour;
    const subject = draw.pick(staff.slice(60));
    const askedBy = draw.pick(desk);
    const about = `${subject.name} (${subject.number})`;
    return { id: draw.uuid(at), act: 'rebinding', call: 'ceremonies/begin', subject, askedBy, about, at };
  });
  const lines = [
    ...revocations.flatMap(linesOf),
    ...emergencies.flatMap(tellEmergency),
    ...approvals.map(
      ({ at, act, subject, askedBy }): Line => ({
        at,
        kind: 'approval.asked',
        outcome: 'success',
        person: subject.id,
        actor: askedBy.id,
        reason: act,
      }),
    ),
    ...drawConsole(given),
    ...drawEnrolments(given),
    ...drawBackups(given),
  ];
  return { revocations, emergencies, approvals, lines };
};
