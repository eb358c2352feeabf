import { fail, succeed } from '#contract/errors.ts';
import { mayDecideFor } from '#core/policy/rights.ts';
import type { ServerDeps } from '../deps.ts';
import { decideApproval, listApprovals, tryLockApproval, type WaitingApproval } from '../store/approvals.ts';
import { record } from '../store/events.ts';
import type { ConsoleSender, Handlers } from './handlers.ts';
import { refuseCursor } from './listed.ts';
import { by, refuseRole, refuseSelf } from './refusing.ts';

/** The second person of an act: neither who asked nor whom it concerns, and somebody who might have asked for it. */
export const createApprovalsRoutes = (deps: ServerDeps) => {
  const { database, now } = deps;
  type Asked = Pick<WaitingApproval, 'act' | 'subject' | 'subjectRoles' | 'askedBy'>;
  const isParty = ({ askedBy, subject }: Asked, { person }: ConsoleSender): boolean =>
    askedBy === person || subject === person;
  const may = (asked: Asked, sender: ConsoleSender): boolean =>
    mayDecideFor(sender.roles, asked.act, asked.subjectRoles) && !isParty(asked, sender);

  return {
    'approvals/list': async ({ query }, sender) => {
      const listed = await listApprovals(database, now(), query, (asked) => may(asked, sender));
      if (listed === undefined) return refuseCursor();
      const { rows: approvals, next, total } = listed;
      return succeed({ approvals, next, total });
    },

    'approvals/decide': async ({ params, body }, sender) =>
      database.transaction(async (tx) => {
        const at = now();
        const asked = await tryLockApproval(tx, at, params.approval);
        if (asked?.state !== 'waiting') return fail('APPROVAL_ENDED');
        if (isParty(asked, sender)) return refuseSelf(tx, at, sender, 'approvals/decide');
        if (!may(asked, sender)) return refuseRole(tx, at, sender, asked.subject, 'approvals/decide');
        const state = body.approve ? 'given' : 'refused';
        await decideApproval(tx, at, asked.id, { state, by: sender.person, reason: body.reason });
        await record(tx, at, {
          ...by(sender, asked.subject),
          kind: body.approve ? 'approval.given' : 'approval.refused',
          outcome: 'success',
          reason: asked.act,
          detail: { approval: asked.id, call: asked.call, askedBy: asked.askedBy, why: body.reason },
        });
        await tx.notify('changed', { what: 'approvals' });
        return succeed({});
      }),

    'approvals/withdraw': async ({ params }, sender) =>
      database.transaction(async (tx) => {
        const at = now();
        const asked = await tryLockApproval(tx, at, params.approval);
        if (asked === undefined || asked.askedBy !== sender.person) return fail('APPROVAL_ENDED');
        await decideApproval(tx, at, asked.id, { state: 'withdrawn', by: sender.person, reason: '' });
        await record(tx, at, {
          ...by(sender, asked.subject),
          kind: 'approval.refused',
          outcome: 'success',
          reason: 'withdrawn',
          detail: { approval: asked.id, call: asked.call },
        });
        await tx.notify('changed', { what: 'approvals' });
        return succeed({});
      }),
  } satisfies Partial<Handlers>;
};
