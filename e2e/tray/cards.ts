import { felica, iso14443a, mute, randomUid } from '../card/cards.ts';
import type { CardKind } from '../card/virtual-card.ts';

export interface TrayCard {
  /** Stands in addresses. */
  readonly id: string;
  readonly name: string;
  readonly about: string;
  readonly look: 'staff' | 'transit' | 'phone' | 'broken';
  readonly kind: CardKind;
}

export const cards: readonly TrayCard[] = [
  {
    id: 'staff-1',
    name: '職員証 A',
    about: 'Type A, UID …E580',
    look: 'staff',
    kind: iso14443a('04A1B2C3D4E580'),
  },
  {
    id: 'staff-2',
    name: '職員証 B',
    about: 'Type A, UID …5566',
    look: 'staff',
    kind: iso14443a('04112233445566'),
  },
  {
    id: 'staff-3',
    name: '職員証 C',
    about: 'FeliCa, IDm …89AB',
    look: 'staff',
    kind: felica({ FFFF: '01120312456789AB' }),
  },
  {
    id: 'transit',
    name: '定期券',
    about: 'FeliCa, IDm …7890',
    look: 'transit',
    kind: felica({ FFFF: '0101041234567890' }),
  },
  {
    id: 'phone',
    name: 'スマートフォン',
    about: 'a new UID at every read',
    look: 'phone',
    kind: randomUid(),
  },
  { id: 'broken', name: '読めないカード', about: 'answers nothing', look: 'broken', kind: mute },
];
