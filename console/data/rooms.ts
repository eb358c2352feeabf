import type { IconName } from '../parts/icon.tsx';
import type { WordKey } from '../words.ts';
import type { Place } from './place.ts';
import type { ConsoleRoute } from './routes.ts';

/** A page of the menu, for those who may send its row. */
export interface Room {
  readonly place: Place;
  readonly needs: ConsoleRoute;
  readonly icon: IconName;
  readonly word: WordKey;
}

export const groups = ['daily', 'oversight', 'setup'] as const;
export type Group = (typeof groups)[number];

const daily: readonly string[] = ['overview', 'people', 'cards', 'loan-cards', 'terminals', 'revocations', 'approvals'];
const setup: readonly string[] = ['policy', 'emergency-codes', 'directory', 'card-authorities', 'keys', 'backups'];

/** Under which heading of the menu a page stands: what one does all day, what one looks over, what one sets up once. */
export const groupOf = ({ place: { kind } }: Room): Group =>
  daily.includes(kind) ? 'daily' : setup.includes(kind) ? 'setup' : 'oversight';
