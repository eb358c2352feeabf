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
import { resumePerson, tryFindByNumber, tryGetPerson, tryLockPerson } from '../store/people.ts';
import { type Approved, actOrGiveBack, requireApprovalForBinding, requireApprovalForRoles } from './approving.ts';
import type { ConsoleSender, Handlers } from './handlers.ts';
import { by, refuseRole, refuseSelf } from './refusing.ts';

/** Helpdesk changes clinicians alone, and makes nobody more or less than that. */
const mayChange = (sender: ConsoleSender, person: PersonSummary, roles: readonly Role[] | undefined): boolean =>
  mayChangeFactorsOf(sender.roles, person.roles) && (roles === undefined || sender.roles.includes('admin'));

/**
 * The systems behind a terminal know people by their number: whoever gets the one of somebody else is that person there. So
 * the number of somebody who uses their factors is as much as a factor.
 */
const mayRenumber = async (
  deps: ServerDeps,
  tx: Transaction,
  now: Date,
  sender: ConsoleSender,
  person: PersonSummary,
  number: string,
): Promise<Result<Approved, 'PERSON_NUMBER_TAKEN' | 'APPROVAL_NEEDED'>> => {
  if (number === person.number) return succeed({});
  const holder = await tryFindByNumber(tx, number);
  if (holder !== undefined && holder.id !== person.id) return fail('PERSON_NUMBER_TAKEN');
  const what = `${person.number} → ${number}`;
  return requireApprovalForBinding(deps, tx, now, sender, { person, call: 'people/change', what, terminal: null });
};

const mayGive = async (
  deps: ServerDeps,
  tx: Transaction,
  now: Date,
  sender: ConsoleSender,
  { id: subject, roles: before }: PersonSummary,
  { number, roles }: PersonSummary,
): Promise<Result<Approved, 'APPROVAL_NEEDED'>> => {
  if (sameRoles(before, roles)) return succeed({});
  const about = `${number}: ${roles.join(' ')}`;
  const what = [...roles].sort();
  return requireApprovalForRoles(deps, tx, now, sender, { call: 'people/change', subject, what, about });
};

/** People as helpdesk and admins change them. */
export const createChangingRoutes = (deps: ServerDeps) => {
  /** Takes a number that was taken meanwhile for what it is. */
  type Name = 'people/change' | 'people/resume';
  type Done = Result<Answer<Name>, RowFailure<Name> | GateFailure>;
  const withNumbers = <Made extends Done>(work: (tx: Transaction) => Promise<Made>) =>
    actOrGiveBack<Made>(deps.database, work).catch((problem: unknown) => {
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
        const renumbered = await mayRenumber(deps, tx, now, sender, person, after.number);
        if (!renumbered.ok) return renumbered;
        const promoted = await mayGive(deps, tx, now, sender, person, after);
        if (!promoted.ok) return promoted;
        await changePerson(tx, now, person, after, { ...author, detail: { ...author.detail, ...renumbered.value } });
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
