import type { ImportPlan } from '#contract/api/imports.ts';
import { fail, succeed } from '#contract/errors.ts';
import type { ServerDeps } from '../deps.ts';
import { authorOf } from '../people/author.ts';
import { apply, hold, plan, Stale } from '../people/import.ts';
import { sameRoles } from '../people/roles.ts';
import { tryGetPerson } from '../store/people.ts';
import { requireApprovalForRoles } from './approving.ts';
import type { Handlers } from './handlers.ts';
import { refuseRole } from './refusing.ts';

/** Those who come with other roles than everybody's, or whose roles change. */
const listRoleChanges = ({ added, changed }: ImportPlan): { readonly number: string; readonly roles: string }[] =>
  [
    ...added.filter(({ person }) => !sameRoles(person.roles, ['clinician'])).map(({ person }) => person),
    ...changed.filter(({ before, after }) => !sameRoles(before.roles, after.roles)).map(({ after }) => after),
  ].map(({ number, roles }) => ({ number, roles: [...roles].sort().join(' ') }));

/** Numbers that are named for each set of roles; how many there are is said in any case. */
const mostNamed = 20;

/** What a second admin has to read before they agree: who gets which roles. */
const describe = (plan: ImportPlan, changes: ReturnType<typeof listRoleChanges>): string => {
  const given = [...Map.groupBy(changes, ({ roles }) => roles)].sort().map(([roles, people]) => {
    const named = people.slice(0, mostNamed).map(({ number }) => number);
    const others = people.length > mostNamed ? ` +${people.length - mostNamed}` : '';
    return `${roles || '-'} (${people.length}): ${named.join(', ')}${others}`;
  });
  const { added, changed, suspended } = plan;
  return [`+${added.length} ±${changed.length} -${suspended.length}`, ...given].join(' · ');
};

/** A list of people from a file. Nothing of a file is kept between the two calls: the digest stands for the plan. */
export const createImportRoutes = (deps: ServerDeps) =>
  ({
    'people/preview-import': async ({ body }, { person }) => succeed({ plan: await plan(deps.database, body, person) }),

    'people/apply-import': ({ body }, sender) =>
      deps.database
        .transaction(async (tx) => {
          const now = deps.now();
          const seen = await plan(tx, body, sender.person);
          if (seen.problems.length > 0) return fail('IMPORT_PROBLEMS');
          if (seen.digest !== body.digest) return fail('IMPORT_STALE');
          await hold(tx, seen, sender.person);
          // Whoever imports may have lost the role while others were waited for.
          const importer = await tryGetPerson(tx, sender.person);
          if (importer?.state !== 'active' || !importer.roles.includes('admin')) {
            return refuseRole(tx, now, sender, null, 'people/apply-import');
          }
          const held = await plan(tx, body, sender.person);
          if (held.digest !== body.digest) return fail('IMPORT_STALE');
          const changes = listRoleChanges(held);
          if (changes.length > 0) {
            const about = describe(held, changes);
            const act = { call: 'people/apply-import' as const, subject: null, what: held.digest, about };
            const approved = await requireApprovalForRoles(deps, tx, now, sender, act);
            if (!approved.ok) return approved;
          }
          return succeed({ ...(await apply(tx, now, held, authorOf(sender))), at: now.toISOString() });
        })
        .catch((problem: unknown) => {
          if (problem instanceof Stale) return fail('IMPORT_STALE');
          throw problem;
        }),
  }) satisfies Partial<Handlers>;
