import type { Role } from '#contract/api/row.ts';
import type { CardEvidence } from '#contract/card.ts';
import type { Draw } from './draw.ts';
import { drawName, type Ward, wards } from './names.ts';

export interface Card {
  readonly id: string;
  readonly evidence: CardEvidence;
  readonly kind: 'own' | 'loan';
  readonly state: 'active' | 'suspended' | 'disabled' | 'revoked';
  readonly label: string;
  readonly reason: string | null;
  readonly enrolledAt: number;
  readonly revokedAt: number | null;
}

export interface Person {
  readonly id: string;
  readonly number: string;
  readonly name: string;
  readonly kana: string;
  readonly roles: readonly Role[];
  readonly state: 'active' | 'suspended';
  readonly ward: Ward;
  readonly createdAt: number;
  /** Works at night this often. */
  readonly nights: boolean;
  readonly factor: 'pin' | 'totp';
  readonly hasBoth: boolean;
  readonly cards: readonly Card[];
}

const day = 86_400_000;

const technologies = {
  felica: 70,
  iso14443a: 25,
  iso15693: 5,
} as const;

const drawEvidence = (draw: Draw): CardEvidence => {
  const technology = draw.weighted(technologies);
  const hex = (digits: number): string => draw.hex(digits).toUpperCase();
  if (technology === 'felica')
    return { technology, systemCode: '8008', identifier: `0114${hex(12)}`, assurance: 'identifier' };
  if (technology === 'iso15693') return { technology, identifier: `E004${hex(12)}`, assurance: 'identifier' };
  return { technology, identifier: `04${hex(12)}`, assurance: 'identifier' };
};

const whyGone = { 紛失: 30, 破損: 25, 更新: 35, 退職: 10 } as const;

const drawCard = (draw: Draw, now: number, parts: Pick<Card, 'kind' | 'state' | 'label'>): Card => {
  const enrolledAt = now - draw.whole(parts.state === 'revoked' ? 400 : 100, 900) * day;
  const isGone = parts.state === 'revoked';
  return {
    ...parts,
    id: draw.uuid(enrolledAt),
    evidence: drawEvidence(draw),
    reason: isGone ? draw.weighted(whyGone) : null,
    enrolledAt,
    revokedAt: isGone ? enrolledAt + draw.whole(20, 290) * day : null,
  };
};

/** Who stands in the console, by how many of the first people. */
const offices: readonly (readonly [count: number, roles: readonly Role[]])[] = [
  [6, ['admin']],
  [14, ['helpdesk']],
  [4, ['auditor']],
  [4, ['operator']],
  [12, ['clinician', 'helpdesk']],
];
const rolesOf = (place: number): readonly Role[] => {
  let passed = 0;
  for (const [count, roles] of offices) {
    passed += count;
    if (place < passed) return roles;
  }
  return ['clinician'];
};

const weighted = wards.flatMap((ward) => Array.from({ length: ward.size }, () => ward));
const office = wards.find(({ place }) => place === '医療情報部') ?? weighted[0];

/** People with a card each, and among them so many further cards, most of which have been replaced. */
export const drawStaff = (
  draw: Draw,
  now: number,
  { people, cards }: { readonly people: number; readonly cards: number },
): { readonly staff: readonly Person[]; readonly stock: readonly Card[] } => {
  const loans = Math.min(60, Math.max(0, Math.floor((cards - people) / 10)));
  const further = Math.max(0, cards - people - loans);
  const staff = Array.from({ length: people }, (_, place): Person => {
    const roles = rolesOf(place);
    const isOffice = !roles.includes('clinician');
    const ward = isOffice ? office : draw.pick(weighted);
    if (ward === undefined) throw new Error('a hospital without wards');
    const createdAt = now - draw.whole(120, 1200) * day;
    const state = !isOffice && draw.chance(0.02) ? 'suspended' : 'active';
    const cardState = isOffice
      ? 'active'
      : draw.weighted({ active: 960, suspended: 20, disabled: 8, revoked: state === 'suspended' ? 300 : 5 });
    const mine = [drawCard(draw, now, { kind: 'own', state: cardState, label: '職員証' })];
    const count = Math.floor(((place + 1) * further) / people) - Math.floor((place * further) / people);
    for (let more = 0; more < count; more += 1) {
      const isSecond = draw.chance(0.06);
      mine.push(
        drawCard(draw, now, {
          kind: 'own',
          state: isSecond ? 'active' : 'revoked',
          label: isSecond ? '予備カード' : '旧職員証',
        }),
      );
    }
    return {
      id: draw.uuid(createdAt),
      number: String(100_000 + place * 7),
      ...drawName(draw),
      roles,
      state,
      ward,
      createdAt,
      nights: ward.hours === 'always' && draw.chance(0.7),
      factor: draw.chance(0.88) ? 'pin' : 'totp',
      hasBoth: draw.chance(0.3),
      cards: mine,
    };
  });
  const stock = Array.from({ length: loans }, (_, place) =>
    drawCard(draw, now, { kind: 'loan', state: 'active', label: `貸出-${String(place + 1).padStart(3, '0')}` }),
  );
  return { staff, stock };
};
