import type { ReactNode } from 'react';
import type { StoredEvent } from '#contract/audit.ts';
import { reasonOf } from '../data/sentence.ts';
import { briefly } from '../data/times.ts';
import { useZone } from '../data/use-console.ts';
import { useWords } from '../data/use-words.ts';
import type { WordKey } from '../words.ts';

type Caused = WordKey extends infer Key ? (Key extends `why.cause.${infer Kind}` ? Kind : never) : never;
const caused = [
  'card.suspended',
  'card.revoked',
  'person.suspended',
  'credential.locked',
  'credential.revoked',
] as const satisfies readonly Caused[];

/** What led to a refusal: since when, why, by whom. */
export const Cause = ({ event }: { readonly event: StoredEvent }): ReactNode => {
  const words = useWords();
  const zone = useZone();
  const kind = caused.find((one) => one === event.kind);
  if (kind === undefined) return null;
  const time = briefly(event.at, words.language, new Date(), zone);
  const actor = event.actorName ?? undefined;
  return words.say(`why.cause.${kind}`, { time, reason: reasonOf(event, words), actor });
};
