import { fail, succeed } from '#contract/errors.ts';
import type { DirectoryClientId } from '#contract/ids.ts';
import type { ServerDeps } from '../deps.ts';
import { changeGroupRole } from '../directory/groups.ts';
import { refuseGiving } from '../directory/refusing.ts';
import { makeToken } from '../directory/token.ts';
import { authorOf } from '../people/author.ts';
import { isNameTaken, listClients, tryInsertClient, tryRevokeClient } from '../store/directory-clients.ts';
import { listGroups, listMembers, lockGroup, tryGetGroup } from '../store/directory-groups.ts';
import { record } from '../store/events.ts';
import { createUuid } from '../store/uuid.ts';
import { hashToken } from '../tokens.ts';
import { actOrGiveBack, requireApprovalForRoles } from './approving.ts';
import type { Handlers } from './handlers.ts';
import { refuseSelf } from './refusing.ts';

const day = 86_400_000;

/** The admin's part: which directories there are, and what their groups mean here. */
export const createDirectoryRoutes = (deps: ServerDeps) =>
  ({
    'directory-clients/list': async () => succeed({ clients: await listClients(deps.database, deps.now()) }),

    'directory-clients/add': async ({ body }, sender) =>
      actOrGiveBack(deps.database, async (tx) => {
        const now = deps.now();
        const { person, terminal, address } = sender;
        if (await isNameTaken(tx, body.name)) return fail('DIRECTORY_NAME_TAKEN');
        // Who has its token puts people into groups that have a role.
        const givesRoles = deps.policy().directory.roles.some((role) => role !== 'clinician');
        const about = `${body.name} (${body.days} d)`;
        const act = { call: 'directory-clients/add' as const, subject: null, what: [body.name, body.days], about };
        const approved = givesRoles ? await requireApprovalForRoles(deps, tx, now, sender, act) : succeed({});
        if (!approved.ok) return approved;
        const client = createUuid(now) as DirectoryClientId;
        const { token, secret } = makeToken(client);
        const expiresAt = new Date(now.getTime() + body.days * day);
        const toAdd = { id: client, name: body.name, tokenHash: hashToken(secret), by: person, expiresAt };
        if (!(await tryInsertClient(tx, now, toAdd))) return fail('DIRECTORY_NAME_TAKEN');
        await record(tx, now, {
          kind: 'directory.client-added',
          outcome: 'success',
          actor: person,
          terminal,
          detail: { directory: body.name, client, days: body.days, address, ...approved.value },
        });
        const scim = `${deps.origin}/scim/v2`;
        return succeed({ client, token, address: scim, expiresAt: expiresAt.toISOString() });
      }),

    'directory-clients/revoke': async ({ params: { client }, body }, { person, terminal }) =>
      deps.database.transaction(async (tx) => {
        const now = deps.now();
        const name = await tryRevokeClient(tx, now, client, person);
        if (name === undefined) return fail('DIRECTORY_CLIENT_UNKNOWN');
        await record(tx, now, {
          kind: 'directory.client-revoked',
          outcome: 'success',
          actor: person,
          terminal,
          reason: body.reason,
          detail: { directory: name, client },
        });
        return succeed({});
      }),

    'directory-groups/list': async () =>
      succeed({ groups: await listGroups(deps.database), allowed: [...deps.policy().directory.roles] }),

    'directory-groups/set-role': async ({ params, body }, sender) =>
      actOrGiveBack(deps.database, async (tx) => {
        const now = deps.now();
        await lockGroup(tx, params.group);
        const group = await tryGetGroup(tx, params.group, false);
        if (!group) return fail('DIRECTORY_GROUP_UNKNOWN');
        const people = await listMembers(tx, group.id);
        // It would change their own rights.
        if (people.includes(sender.person)) return refuseSelf(tx, now, sender, 'directory-groups/set-role');
        const { roles: allowed } = deps.policy().directory;
        const author = authorOf(sender);
        if (body.role !== null && !allowed.includes(body.role)) {
          return refuseGiving(tx, now, author, { person: null, roles: [body.role] });
        }
        const about = `${group.displayName}: ${body.role ?? '-'}`;
        const act = { call: 'directory-groups/set-role' as const, subject: null, what: [group.id, body.role], about };
        const approved = await requireApprovalForRoles(deps, tx, now, sender, act);
        if (!approved.ok) return approved;
        return changeGroupRole(tx, now, { ...group, people }, body.role, author);
      }),
  }) satisfies Partial<Handlers>;
