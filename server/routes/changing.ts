import type { Answer, GateFailure, RowFailure } from '#contract/api/index.ts';
import type { PersonSummary } from '#contract/api/people.ts';
import type { Role } from '#contract/api/row.ts';
import { fail, type Result, succeed } from '#contract/errors.ts';
import { mayChangeFactorsOf } from '#core/policy/rights.ts';
import { cleanKana, normaliseNumber } from '#core/policy/text.ts';
import type { ServerDeps } from '../deps.ts';
import { authorOf } from '../people/author.ts';
import { changePerson } from '../people/change.ts';
import { guardLastAdmin, sameRoles } from '../people/roles.ts';
import { type Transaction, violates } from '../store/database.ts';
import { record } from '../store/events.ts';
import { resumePerson, tryGetPerson, tryLockPerson } from '../store/people.ts';
import { requireApprovalForRoles } from './approving.ts';
import type { ConsoleSender, Handlers } from './handlers.ts';
import { by, refuseRole, refuseSelf } from './refusing.ts';

/** Helpdesk changes clinicians alone, and makes nobody more or less than that. */
const mayChange = (sender: ConsoleSender, person: PersonSummary, roles: readonly Role[] | undefined): boolean =>
  mayChangeFactorsOf(sender.roles, person.roles) && (roles === undefined || sender.roles.includes('admin'));

/** People as helpdesk and admins change them. */
export const createChangingRoutes = (deps: ServerDeps) => {
  /** Takes a number that was taken meanwhile for what it is. */
  type Name = 'people/change' | 'people/resume';
  type Done = Result<Answer<Name>, RowFailure<Name> | GateFailure>;
  const withNumbers = <Made extends Done>(work: (tx: Transaction) => Promise<Made>) =>
    deps.database.transaction(work).catch((problem: unknown) => {
      if (violates(problem, 'person_number')) return fail('PERSON_NUMBER_TAKEN');
      throw problem;
    });
  return {
    'people/change': ({ params, body }, sender) =>
      withNumbers(async (tx) => {
        const now = deps.now();
        const person = await tryLockPerson(tx, params.person);
        if (!person) return fail('PERSON_UNKNOWN');
        if (body.roles !== undefined && person.id === sender.person) {
          return refuseSelf(tx, now, sender, 'people/change');
        }
        const roles = [...new Set(body.roles ?? person.roles)];
        if (!mayChange(sender, person, body.roles)) return refuseRole(tx, now, sender, person.id, 'people/change');
        const after = {
          ...person,
          number: normaliseNumber(body.number ?? person.number),
          name: body.name ?? person.name,
          kana: body.kana === undefined ? person.kana : cleanKana(body.kana),
          roles,
        };
        const author = authorOf(sender);
        const guarded = roles.includes('admin') ? succeed(null) : await guardLastAdmin(tx, now, [person], author);
        if (!guarded.ok) return guarded;
        if (!sameRoles(person.roles, roles)) {
          const about = `${after.number}: ${roles.join(' ')}`;
          const act = { call: 'people/change' as const, subject: person.id, what: [...roles].sort(), about };
          const approved = await requireApprovalForRoles(deps, tx, now, sender, act);
          if (!approved.ok) return approved;
        }
        await changePerson(tx, now, person, after, author);
        return succeed({ person: after });
      }),

    'people/resume': ({ params, body }, sender) =>
      withNumbers(async (tx) => {
        const now = deps.now();
        const person = await tryLockPerson(tx, params.person);
        if (!person) return fail('PERSON_UNKNOWN');
        if (person.id === sender.person) return refuseSelf(tx, now, sender, 'people/resume');
        if (person.state === 'active') return succeed({ person });
        await resumePerson(tx, now, person.id);
        await record(tx, now, {
          ...by(sender, person.id),
          kind: 'person.resumed',
          outcome: 'success',
          reason: body.reason,
        });
        return succeed({ person: (await tryGetPerson(tx, person.id)) ?? person });
      }),
  } satisfies Partial<Handlers>;
};
