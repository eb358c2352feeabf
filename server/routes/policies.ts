import { fail, succeed } from '#contract/errors.ts';
import type { Policy } from '#contract/policy.ts';
import { findPolicyProblems, listChanges, policyOf, profiles, valueAt } from '#core/policy/profiles.ts';
import { terminalPolicyOf } from '#core/policy/terminal-policy.ts';
import type { ServerDeps } from '../deps.ts';
import { NotWithdrawn, withdrawRoles } from '../directory/withdraw.ts';
import { runDry } from '../dry-run.ts';
import { authorOf } from '../people/author.ts';
import { record } from '../store/events.ts';
import { insertPolicy, listPolicies, lockNewestPolicy, tryGetPolicy } from '../store/policies.ts';
import { requireApproval } from './approving.ts';
import type { Handlers } from './handlers.ts';

const pageSize = 20;

/** What a second admin has to read before they agree: the note alone could say anything. */
const describe = (note: string, changes: ReturnType<typeof listChanges>): string =>
  [
    note,
    ...changes.map(({ path, before, after }) => `${path}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`),
  ].join(' · ');

/** What takes two persons is not made one's own by one: nobody takes an act from that list alone. */
const takesTwo = ({ fourEyes }: Policy, draft: Policy): boolean =>
  fourEyes.includes('policy') || fourEyes.some((act) => !draft.fourEyes.includes(act));

export const createPoliciesRoutes = (deps: ServerDeps) => {
  const { database, policies } = deps;
  /** What was in force before anybody put a version in force. */
  const first = (): Policy => policies.pin(policyOf(policies.active().profile));

  return {
    'policies/active': async () => {
      await policies.refresh();
      const policy = policies.active();
      const pinned = policies.pinned();
      const values = Object.entries(profiles[policy.profile]).map(([path, row]) => ({
        path,
        value: valueAt(policy, path),
        usual: row.value,
        ...(row.lowest === undefined ? {} : { lowest: row.lowest }),
        ...(row.highest === undefined ? {} : { highest: row.highest }),
        ...(row.only === undefined ? {} : { only: [...row.only] }),
        clause: row.clause,
        pinned: pinned.some((one) => one === path || one.startsWith(`${path}.`)),
      }));
      return succeed({ number: policies.number(), policy, values });
    },

    'policies/list': async ({ query }) => {
      const versions = await listPolicies(database, query.before ?? 2 ** 31 - 1, pageSize + 1);
      return succeed({
        versions: versions.slice(0, pageSize).map((version, place) => ({
          number: version.number,
          note: version.note,
          at: version.at.toISOString(),
          by: version.byName,
          profile: version.document.profile,
          changes: listChanges(versions[place + 1]?.document ?? first(), version.document),
        })),
      });
    },

    'policies/show': async ({ params: { number } }) => {
      if (number === 0) return succeed({ number, policy: first() });
      const version = await tryGetPolicy(database, number);
      return version ? succeed({ number, policy: version.document }) : fail('POLICY_UNKNOWN');
    },

    'policies/plan': async ({ body }) => {
      await policies.refresh();
      const draft = policies.pin(body.policy);
      const problems = findPolicyProblems(draft);
      const active = policies.active();
      return succeed({
        base: policies.number(),
        problems,
        changes: listChanges(active, draft),
        dryRun: problems.length > 0 ? null : await runDry(database, deps.now(), { active, draft, days: body.days }),
      });
    },

    'policies/apply': async ({ body }, sender) => {
      await policies.refresh();
      const draft = policies.pin(body.policy);
      const problems = findPolicyProblems(draft);
      if (problems.length > 0) {
        return fail('POLICY_INVALID', { problems: problems.map(({ path, rule }) => ({ path, rule })) });
      }
      const applied = await database
        .transaction(async (tx) => {
          const now = deps.now();
          const newest = await lockNewestPolicy(tx);
          if ((newest?.number ?? 0) !== body.base) return fail('POLICY_STALE');
          // What is in force by the table, not by this process's memory: two versions may come at the same time.
          const active = newest === undefined ? first() : policies.pin(newest.document);
          const changes = listChanges(active, draft);
          if (takesTwo(active, draft)) {
            const approved = await requireApproval(tx, now, sender, {
              act: 'policy',
              call: 'policies/apply',
              subject: null,
              what: [body.base, body.policy, body.note],
              about: describe(body.note, changes),
              changes,
            });
            if (!approved.ok) return approved;
          }
          const number = body.base + 1;
          await insertPolicy(tx, now, { number, document: body.policy, note: body.note, by: sender.person });
          await withdrawRoles(tx, now, draft.directory.roles, authorOf(sender));
          await record(tx, now, {
            kind: 'policy.applied',
            outcome: 'success',
            actor: sender.person,
            terminal: sender.terminal,
            detail: {
              number,
              note: body.note,
              changes: changes
                .map(({ path }) => path)
                .join(' ')
                .slice(0, 200),
            },
          });
          await tx.notify('changed', { what: 'policy' });
          await deps.push.toAll(tx, { kind: 'policy', policy: terminalPolicyOf(draft) });
          return succeed({ number });
        })
        .catch((problem: unknown) => {
          if (problem instanceof NotWithdrawn) return fail(problem.failure.code, problem.failure);
          throw problem;
        });
      if (applied.ok) await policies.refresh();
      return applied;
    },
  } satisfies Partial<Handlers>;
};
