import type { StoredEvent } from '#contract/audit.ts';
import { exactly } from './times.ts';
import type { Words } from './use-words.ts';

/** Why, in words: those for this kind of event, those for the reason, those for a failure code, or what somebody wrote. */
export const reasonOf = ({ kind, reason }: StoredEvent, { tryNamed }: Words): string | undefined => {
  if (reason == null || reason === '') return undefined;
  const failure = tryNamed('failure', reason)?.split(/[。.]/)[0];
  return tryNamed(`reason.${kind}`, reason) ?? tryNamed('reason', reason) ?? failure ?? reason;
};

/** What happened, in one sentence of a person's language. What is unknown is left out of it. */
export const sentence = (event: StoredEvent, words: Words): string => {
  const { say } = words;
  const named = (name: string | null | undefined): string | undefined =>
    name == null ? undefined : say('log.named', { name });
  const { terminalName } = event;
  const person = named(event.personName);
  const given = (name: string): string | undefined => {
    const value = event.detail[name];
    return typeof value === 'string' ? value : undefined;
  };
  const directory = given('directory');
  /** A directory that did it, where nobody did. */
  const doer = named(event.actorName) ?? (directory && say('log.directory', { name: directory }));
  return say(`event.${event.kind}`, {
    person: person ?? say('log.somebody'),
    /** Who did it: an actor other than the person, or the person. */
    actor: doer ?? person ?? say('log.somebody'),
    /** Left out where nobody but the person did it. */
    doer,
    /** Left out where nobody is known. */
    known: person,
    terminal: terminalName ?? undefined,
    at: terminalName == null ? say('log.a-terminal') : say('log.at-terminal', { name: terminalName }),
    card: event.cardLabel ?? undefined,
    reason: reasonOf(event, words),
    directory,
    group: given('group'),
  });
};

/** What else an event says, each under its name for this kind of event or for all, in words. Times are those of the zone. */
export const detailOf = (
  { detail, kind }: StoredEvent,
  words: Words,
  zone: string | undefined,
): readonly (readonly [label: string, value: string])[] =>
  Object.entries(detail).map(([name, value]) => {
    const label = words.tryNamed(`detail.${kind}`, name) ?? words.tryNamed('detail', name) ?? name;
    return [label, shownAs(name, value, words, zone)] as const;
  });

const areas: Readonly<Record<string, string>> = {
  technology: 'card.technology',
  assurance: 'card.assurance',
  what: 'revocations.what',
  kind: 'kind',
  code: 'failure',
};

/** A time as events write it; a terminal may have written another thing that looks like one. */
const isInstant = (text: string): boolean => /^\d{4}-\d\d-\d\dT.*Z$/.test(text) && !Number.isNaN(Date.parse(text));

const shownAs = (
  name: string,
  value: string | number | boolean,
  { say, tryNamed }: Words,
  zone: string | undefined,
): string => {
  if (typeof value === 'boolean') return say(value ? 'common.yes' : 'common.no');
  const text = String(value);
  if (isInstant(text)) return exactly(text, zone);
  if (name === 'roles' || name === 'rolesBefore')
    return text
      .split(' ')
      .map((role) => tryNamed('role', role) ?? role)
      .join(say('common.list-separator'));
  const words = tryNamed(areas[name] ?? '', text);
  return words === undefined ? text : `${words} (${text})`;
};
