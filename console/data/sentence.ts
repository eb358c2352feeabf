import type { StoredEvent } from '#contract/audit.ts';
import type { Words } from './use-words.ts';

/** What happened, in one sentence of a person's language. What is unknown is left out of it. */
export const sentence = (event: StoredEvent, { say, named }: Words): string => {
  const person = event.personName ?? undefined;
  return say(`event.${event.kind}`, {
    person: person ?? say('log.somebody'),
    /** Who did it: an actor other than the person, or the person. */
    actor: event.actorName ?? person ?? say('log.somebody'),
    /** Left out where nobody is known. */
    known: person,
    terminal: event.terminalName ?? undefined,
    card: event.cardLabel ?? undefined,
    reason: event.reason == null ? undefined : named('reason', event.reason),
  });
};
