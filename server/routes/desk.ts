import type { Input } from '#contract/api/index.ts';
import type { PersonSummary } from '#contract/api/people.ts';
import { fail, succeed } from '#contract/errors.ts';
import type { PersonId, TerminalId } from '#contract/ids.ts';
import { mayChangeFactorsOf } from '#core/policy/rights.ts';
import { cleanText } from '#core/policy/text.ts';
import type { ServerDeps } from '../deps.ts';
import { takeTurn } from '../store/attempts.ts';
import {
  cancelCeremoniesAt,
  insertCeremony,
  isOpen,
  moveCeremony,
  toCeremonyState,
  tryGetCeremony,
  tryLockCeremony,
} from '../store/ceremonies.ts';
import type { Transaction } from '../store/database.ts';
import { record } from '../store/events.ts';
import { tryGetPerson } from '../store/people.ts';
import { tryGetAdmitted } from '../store/terminals.ts';
import { requireApprovalForBinding } from './approving.ts';
import type { ConsoleSender, Handlers } from './handlers.ts';
import { by, refuseRole } from './refusing.ts';

/** How long a terminal waits for the card and the PIN. */
const ceremonyMilliseconds = 2 * 60_000;

/** A terminal does one enrolment step at a time. */
const replaceEarlier = async (
  { push }: Pick<ServerDeps, 'push'>,
  tx: Transaction,
  now: Date,
  terminal: TerminalId,
  actor: PersonId,
): Promise<void> => {
  for (const { id: ceremony, person } of await cancelCeremoniesAt(tx, now, terminal)) {
    await push.toTerminal(tx, terminal, { kind: 'ceremony-cancelled', ceremony });
    const facts = { kind: 'ceremony.ended', outcome: 'minor', reason: 'replaced' } as const;
    await record(tx, now, { ...facts, terminal, person, actor, ceremony });
  }
};

/**
 * Whether somebody may have a card or PIN bound to this person at the terminal, and who else agreed to it; asked last, so
 * that their word is not used up by what cannot be begun.
 */
const mayBegin = async (
  deps: ServerDeps,
  tx: Transaction,
  now: Date,
  sender: ConsoleSender,
  person: PersonSummary | null,
  { task, terminal }: Input<'ceremonies/begin'>['body'],
) => {
  const call = 'ceremonies/begin';
  if (person !== null && !mayChangeFactorsOf(sender.roles, person.roles)) {
    return refuseRole(tx, now, sender, person.id, call);
  }
  const admitted = await tryGetAdmitted(tx, terminal);
  if (admitted === undefined || admitted.disabled) return fail('TERMINAL_UNKNOWN');
  if (!(await deps.push.isOnline(tx, terminal))) return fail('TERMINAL_OFFLINE');
  if (person === null) return succeed({});
  return requireApprovalForBinding(deps, tx, now, sender, { person, call, what: task, terminal });
};

/** The helpdesk's part of enrolment: asks a terminal, follows, takes back. It never sees what is typed there. */
export const createDeskRoutes = (deps: ServerDeps) =>
  ({
    'ceremonies/begin': async ({ body }, sender) =>
      deps.database.transaction(async (tx) => {
        const now = deps.now();
        const person = body.person === undefined ? null : await tryGetPerson(tx, body.person);
        if (person === undefined) return fail('PERSON_UNKNOWN');
        const { task, terminal } = body;
        const label = cleanText(body.label);
        const approved = await mayBegin(deps, tx, now, sender, person, body);
        if (!approved.ok) return approved;
        await takeTurn(tx, terminal);
        await replaceEarlier(deps, tx, now, terminal, sender.person);
        const expiresAt = new Date(now.getTime() + ceremonyMilliseconds);
        const askedBy = sender.person;
        const id = await insertCeremony(tx, now, {
          task,
          person: person?.id ?? null,
          terminal,
          askedBy,
          label,
          expiresAt,
        });
        await record(tx, now, {
          kind: 'ceremony.begun',
          outcome: 'success',
          terminal,
          person: person?.id ?? null,
          actor: sender.person,
          ceremony: id,
          reason: task,
          detail: { ...approved.value, ...(body.identity === undefined ? {} : { identity: body.identity }) },
        });
        const asker = await tryGetPerson(tx, sender.person);
        await deps.push.toTerminal(tx, terminal, {
          kind: 'ceremony',
          order: {
            ceremony: id,
            task,
            personName: person?.name ?? '',
            byName: asker?.name ?? '',
            expiresAt: expiresAt.toISOString(),
          },
        });
        await tx.notify('changed', { what: 'ceremonies' });
        const ceremony = await tryGetCeremony(tx, id);
        if (!ceremony) throw new Error('a ceremony was not stored');
        return succeed({ ceremony: await toCeremonyState(tx, ceremony, now) });
      }),

    'ceremonies/show': async ({ params }) => {
      const ceremony = await tryGetCeremony(deps.database, params.ceremony);
      if (!ceremony) return fail('CEREMONY_ENDED');
      return succeed({ ceremony: await toCeremonyState(deps.database, ceremony, deps.now()) });
    },

    'ceremonies/cancel': async ({ params }, sender) =>
      deps.database.transaction(async (tx) => {
        const now = deps.now();
        const ceremony = await tryLockCeremony(tx, params.ceremony);
        if (!ceremony || !isOpen(ceremony, now)) return fail('CEREMONY_ENDED');
        await moveCeremony(tx, now, ceremony.id, { state: 'cancelled' });
        await deps.push.toTerminal(tx, ceremony.terminal, { kind: 'ceremony-cancelled', ceremony: ceremony.id });
        await record(tx, now, {
          ...by(sender, ceremony.person),
          kind: 'ceremony.ended',
          outcome: 'minor',
          terminal: ceremony.terminal,
          ceremony: ceremony.id,
          reason: 'cancelled',
        });
        return succeed({});
      }),
  }) satisfies Partial<Handlers>;
