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

const changesRoles = ({ added, changed }: ImportPlan): boolean =>
  added.some(({ person }) => !sameRoles(person.roles, ['clinician'])) ||
  changed.some(({ before, after }) => !sameRoles(before.roles, after.roles));

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
          if (changesRoles(held)) {
            const { digest, added, changed, suspended } = held;
            const about = `+${added.length} ±${changed.length} -${suspended.length}`;
            const act = { call: 'people/apply-import', subject: null, what: digest, about };
            const approved = await requireApprovalForRoles(deps, tx, now, sender, act);
            if (!approved.ok) return approved;
          }
          return succeed(await apply(tx, now, held, authorOf(sender)));
        })
        .catch((problem: unknown) => {
          if (problem instanceof Stale) return fail('IMPORT_STALE');
          throw problem;
        }),
  }) satisfies Partial<Handlers>;
