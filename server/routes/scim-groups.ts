import { type Failure, fail, type Result, succeed } from '#contract/errors.ts';
import { type DirectoryGroupId, directoryGroupId } from '#contract/ids.ts';
import { type GroupFacts, patchGroup, readGroup } from '#core/scim/group.ts';
import { isSelected, readSelection, type Selection, select } from '#core/scim/select.ts';
import type { ServerDeps } from '../deps.ts';
import { names } from '../directory/answer.ts';
import { type Asked, readQuestion, toList } from '../directory/asking.ts';
import { addGroup, changeGroup, type Held, removeGroup } from '../directory/groups.ts';
import { showGroup } from '../directory/show.ts';
import { authorOf } from '../people/author.ts';
import { type Transaction, violates } from '../store/database.ts';
import { findGroups, type Group, listMembers, lockGroup, tryGetGroup } from '../store/directory-groups.ts';
import type { DirectorySender, Handlers, Reply } from './handlers.ts';

type Changed = 'DIRECTORY_ROLE_REFUSED' | 'PERSON_LAST_ADMIN' | 'SCIM_VALUE_INVALID';

/** Groups of directories (RFC 7644). */
export const createScimGroupRoutes = (deps: ServerDeps) => {
  const base = `${deps.origin}/scim/v2`;
  const readId = (text: string): DirectoryGroupId | undefined => directoryGroupId.safeParse(text.toLowerCase()).data;
  const wantsMembers = (selection: Selection): boolean => isSelected(selection, 'members');

  const show = (group: Group, selection: Selection, reply: Reply) => {
    const { resource, version } = showGroup(group, base);
    reply.setHeader('etag', version);
    return select(resource, selection) as never;
  };
  const find = async (asked: Asked) => {
    const question = readQuestion('Group', asked);
    if (!question.ok) return question;
    const { condition, page, startIndex, selection } = question.value;
    const answered = await findGroups(deps.database, condition, page, wantsMembers(selection));
    if (answered === 'too-many') return fail('SCIM_TOO_MANY');
    const shown = answered.found.map((group) => select(showGroup(group, base).resource, selection) as never);
    return succeed(toList(shown, answered.total, startIndex));
  };
  /** A name that was taken meanwhile is a conflict. */
  const writing = <Value, Code extends Failure['code']>(
    work: (tx: Transaction) => Promise<Result<Value, Code>>,
  ): Promise<Result<Value, Code | 'SCIM_TAKEN'>> =>
    deps.database.transaction(work).catch((problem: unknown) => {
      if (violates(problem, 'directory_group_name')) return fail('SCIM_TAKEN');
      throw problem;
    });
  /** The group, held, if it is there in the version that was asked for. */
  const hold = async (
    tx: Transaction,
    text: string,
    ifMatch: string | undefined,
  ): Promise<Result<Held, 'SCIM_RESOURCE_UNKNOWN' | 'SCIM_VERSION_OTHER'>> => {
    const id = readId(text);
    if (id) await lockGroup(tx, id);
    const group = id && (await tryGetGroup(tx, id, false));
    if (!group) return fail('SCIM_RESOURCE_UNKNOWN');
    if (ifMatch !== undefined && !names(ifMatch, showGroup(group, base).version)) return fail('SCIM_VERSION_OTHER');
    return succeed({ ...group, people: await listMembers(tx, group.id) });
  };
  const change = async <Code extends Failure['code']>(
    input: {
      readonly params: { readonly group: string };
      readonly headers: { readonly 'if-match'?: string | undefined };
      readonly query: Asked;
    },
    sender: DirectorySender,
    reply: Reply,
    read: (before: GroupFacts) => Result<GroupFacts, Code>,
  ) => {
    const selection = readSelection('Group', input.query);
    if (!selection.ok) return selection;
    return writing<never, Code | Changed | 'SCIM_RESOURCE_UNKNOWN' | 'SCIM_VERSION_OTHER'>(async (tx) => {
      const held = await hold(tx, input.params.group, input.headers['if-match']);
      if (!held.ok) return held;
      const { displayName, externalId, people } = held.value;
      const after = read({ displayName, externalId, members: new Set<string>(people) });
      if (!after.ok) return after;
      const how = { author: authorOf(sender), allowed: deps.policy().directory.roles };
      const changed = await changeGroup(tx, deps.now(), held.value, after.value, how);
      if (!changed.ok) return changed;
      return succeed(await reread(tx, held.value.id, selection.value, reply));
    });
  };
  const reread = async (tx: Transaction, id: DirectoryGroupId, selection: Selection, reply: Reply) => {
    const group = await tryGetGroup(tx, id, wantsMembers(selection));
    if (!group) throw new Error('a group was not stored');
    reply.setHeader('location', showGroup(group, base).location);
    return show(group, selection, reply);
  };
  return {
    'scim/find-groups': ({ query }) => find(query),
    'scim/search-groups': ({ body }) => find(body),

    'scim/show-group': async ({ params, query }, _sender, reply) => {
      const selection = readSelection('Group', query);
      if (!selection.ok) return selection;
      const id = readId(params.group);
      const group = id && (await tryGetGroup(deps.database, id, wantsMembers(selection.value)));
      return group ? succeed(show(group, selection.value, reply)) : fail('SCIM_RESOURCE_UNKNOWN');
    },

    'scim/add-group': async ({ query, body }, sender, reply) => {
      const selection = readSelection('Group', query);
      if (!selection.ok) return selection;
      const facts = readGroup(body);
      if (!facts.ok) return facts;
      return writing(async (tx) => {
        const added = await addGroup(tx, deps.now(), facts.value, authorOf(sender));
        return added.ok ? succeed(await reread(tx, added.value, selection.value, reply)) : added;
      });
    },

    'scim/replace-group': (input, sender, reply) => change(input, sender, reply, () => readGroup(input.body)),

    'scim/patch-group': (input, sender, reply) =>
      change(input, sender, reply, (before) => patchGroup(before, input.body.Operations)),

    'scim/remove-group': ({ params, headers }, sender) =>
      deps.database.transaction(async (tx) => {
        const held = await hold(tx, params.group, headers['if-match']);
        if (!held.ok) return held;
        return removeGroup(tx, deps.now(), held.value, { author: authorOf(sender) });
      }),
  } satisfies Partial<Handlers>;
};
