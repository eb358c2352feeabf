import { fail, succeed } from '#contract/errors.ts';
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
import { record } from '../store/events.ts';
import { tryGetPerson } from '../store/people.ts';
import { tryGetActive } from '../store/terminals.ts';
import { requireApprovalForBinding } from './approving.ts';
import type { Handlers } from './handlers.ts';
import { by, refuseRole } from './refusing.ts';

/** How long a terminal waits for the card and the PIN. */
const ceremonyMilliseconds = 2 * 60_000;

/** The helpdesk's part of enrolment: asks a terminal, follows, takes back. It never sees what is typed there. */
export const createDeskRoutes = (deps: ServerDeps) =>
  ({
    'ceremonies/begin': async ({ body }, sender) =>
      deps.database.transaction(async (tx) => {
        const now = deps.now();
        const person = await tryGetPerson(tx, body.person);
        if (!person) return fail('PERSON_UNKNOWN');
        if (!mayChangeFactorsOf(sender.roles, person.roles)) {
          return refuseRole(tx, now, sender, person.id, 'ceremonies/begin');
        }
        const { task, terminal } = body;
        const label = cleanText(body.label);
        const approved = await requireApprovalForBinding(deps, tx, now, sender, {
          person,
          call: 'ceremonies/begin',
          what: task,
          terminal,
        });
        if (!approved.ok) return approved;
        if (!(await tryGetActive(tx, terminal))) return fail('TERMINAL_UNKNOWN');
        if (!(await deps.push.isOnline(tx, terminal))) return fail('TERMINAL_OFFLINE');
        await takeTurn(tx, terminal);
        for (const earlier of await cancelCeremoniesAt(tx, now, terminal)) {
          await deps.push.toTerminal(tx, terminal, { kind: 'ceremony-cancelled', ceremony: earlier.id });
          await record(tx, now, {
            kind: 'ceremony.ended',
            outcome: 'minor',
            terminal,
            person: earlier.person,
            actor: sender.person,
            ceremony: earlier.id,
            reason: 'replaced',
          });
        }
        const expiresAt = new Date(now.getTime() + ceremonyMilliseconds);
        const askedBy = sender.person;
        const id = await insertCeremony(tx, now, { task, person: person.id, terminal, askedBy, label, expiresAt });
        await record(tx, now, {
          kind: 'ceremony.begun',
          outcome: 'success',
          terminal,
          person: person.id,
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
            personName: person.name,
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
