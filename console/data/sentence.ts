import type { EventKind, StoredEvent } from '#contract/audit.ts';
import type { DetailCode } from '#contract/event-details.ts';
import { nameOf } from './policy-words.ts';
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
  event: StoredEvent,
  words: Words,
  zone: string | undefined,
): readonly (readonly [label: string, value: string])[] =>
  Object.entries(event.detail).map(([name, value]) => {
    const label = words.tryNamed(`detail.${event.kind}`, name) ?? words.tryNamed('detail', name) ?? name;
    return [label, shownAs(event, name, value, words, zone)] as const;
  });

/** Where the words for each code stand that the contract has among the details. */
const areas: Readonly<Record<DetailCode, string>> = {
  assurance: 'card.assurance',
  technology: 'card.technology',
  role: 'role',
  roleBefore: 'role',
  roles: 'role',
  rolesBefore: 'role',
  state: 'person.state',
  identity: 'identity',
  code: 'failure',
  kind: 'kind',
  period: 'log.period',
  format: 'detail-value.format',
  finding: 'accounts.finding',
  where: 'detail-value.where',
  window: 'detail-value.window',
  chain: 'detail-value.chain',
  unproven: 'detail-value.unproven',
  'revocation.issued.what': 'revocations.what',
  'revocation.confirmed.what': 'revocations.what',
  'revocation.returned.what': 'revocations.what',
  'code.refused.what': 'detail-value.code',
  'code.guessed-at.what': 'detail-value.code',
  'attempt.begun.purpose': 'detail-value.purpose',
  'key.retired.purpose': 'keys.purpose',
  'approval.asked.call': 'detail-value.call',
  'approval.given.call': 'detail-value.call',
  'approval.refused.call': 'detail-value.call',
  'approval.asked.about': 'approvals.about',
  'console.proof-accepted.call': 'detail-value.call',
  'console.proof-refused.call': 'detail-value.call',
  'guard.started.journal': 'detail-value.journal',
  'journal.damaged.journal': 'detail-value.journal',
  'journal.faulted.step': 'detail-value.step',
  'hook.failed.event': 'detail-value.turn',
  'offline.contested.locked': 'reason',
  'person.suspended.before': 'detail-value.before',
};
const areaOf = (kind: EventKind, name: string): string | undefined => {
  const keys: Readonly<Record<string, string>> = areas;
  return keys[`${kind}.${name}`] ?? keys[name];
};

/** A time as events write it; a terminal may have written another thing that looks like one. */
const isInstant = (text: string): boolean => /^\d{4}-\d\d-\d\dT.*Z$/.test(text) && !Number.isNaN(Date.parse(text));

const shownAs = (
  { kind, names = {} }: StoredEvent,
  name: string,
  value: string | number | boolean,
  words: Words,
  zone: string | undefined,
): string => {
  const { say, tryNamed } = words;
  if (typeof value === 'boolean') return say(value ? 'common.yes' : 'common.no');
  const text = String(value);
  if (isInstant(text)) return exactly(text, zone);
  const area = areaOf(kind, name);
  const each = (one: string): string | undefined => {
    if (Object.hasOwn(names, one)) return names[one];
    if (kind === 'policy.applied' && name === 'changes') return nameOf(one, words);
    return area === 'role' ? tryNamed(area, one) : undefined;
  };
  // Several stand with spaces between.
  const several = text.split(' ');
  if (several.some((one) => each(one) !== undefined))
    return several.map((one) => each(one) ?? one).join(say('common.list-separator'));
  const said = area === undefined ? undefined : tryNamed(area, text);
  return said === undefined ? text : `${said} (${text})`;
};
