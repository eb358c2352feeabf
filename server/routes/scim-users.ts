import { type Failure, fail, type Result, succeed } from '#contract/errors.ts';
import { type PersonId, personId } from '#contract/ids.ts';
import { readSelection, type Selection, select } from '#core/scim/select.ts';
import { patchUser, readUser, type UserFacts } from '#core/scim/user.ts';
import type { ServerDeps } from '../deps.ts';
import { names } from '../directory/answer.ts';
import { type Asked, readQuestion, toList } from '../directory/asking.ts';
import { showUser } from '../directory/show.ts';
import { addUser, changeUser, factsOf, removeUser } from '../directory/users.ts';
import { authorOf } from '../people/author.ts';
import { lockCardsOf } from '../store/cards.ts';
import { type Transaction, violates } from '../store/database.ts';
import { type DirectoryPerson, findUsers, tryGetUser, tryLockUser } from '../store/directory-people.ts';
import type { DirectorySender, Handlers, Reply } from './handlers.ts';

type Changed = 'DIRECTORY_ROLE_REFUSED' | 'DIRECTORY_RETURN_REFUSED' | 'PERSON_LAST_ADMIN';

/** People as SCIM users (RFC 7644). */
export const createScimUserRoutes = (deps: ServerDeps) => {
  const base = `${deps.origin}/scim/v2`;
  const readId = (text: string): PersonId | undefined => personId.safeParse(text.toLowerCase()).data;

  const show = (person: DirectoryPerson, selection: Selection, reply: Reply) => {
    const { resource, version } = showUser(person, base);
    reply.setHeader('etag', version);
    return select(resource, selection) as never;
  };
  const find = async (asked: Asked) => {
    const question = readQuestion('User', asked);
    if (!question.ok) return question;
    const { condition, page, startIndex, selection } = question.value;
    const { found, total } = await findUsers(deps.database, condition, page);
    const shown = found.map((person) => select(showUser(person, base).resource, selection) as never);
    return succeed(toList(shown, total, startIndex));
  };
  /** A number that was taken meanwhile is a conflict. */
  const writing = <Value, Code extends Failure['code']>(
    work: (tx: Transaction) => Promise<Result<Value, Code>>,
  ): Promise<Result<Value, Code | 'SCIM_TAKEN'>> =>
    deps.database.transaction(work).catch((problem: unknown) => {
      if (violates(problem, 'person_number')) return fail('SCIM_TAKEN');
      throw problem;
    });
  /** The user, held, if it is there in the version that was asked for. */
  const hold = async (
    tx: Transaction,
    text: string,
    ifMatch: string | undefined,
  ): Promise<Result<DirectoryPerson, 'SCIM_RESOURCE_UNKNOWN' | 'SCIM_VERSION_OTHER'>> => {
    const id = readId(text);
    const person = id && (await tryLockUser(tx, id));
    if (!person) return fail('SCIM_RESOURCE_UNKNOWN');
    if (ifMatch !== undefined && !names(ifMatch, showUser(person, base).version)) return fail('SCIM_VERSION_OTHER');
    return succeed(person);
  };
  const change = async <Code extends Failure['code']>(
    input: {
      readonly params: { readonly user: string };
      readonly headers: { readonly 'if-match'?: string | undefined };
      readonly query: Asked;
    },
    sender: DirectorySender,
    reply: Reply,
    read: (before: UserFacts) => Result<UserFacts, Code>,
  ) => {
    const selection = readSelection('User', input.query);
    if (!selection.ok) return selection;
    return writing<never, Code | Changed | 'SCIM_RESOURCE_UNKNOWN' | 'SCIM_VERSION_OTHER'>(async (tx) => {
      const now = deps.now();
      const held = await hold(tx, input.params.user, input.headers['if-match']);
      if (!held.ok) return held;
      const after = read(factsOf(held.value));
      if (!after.ok) return after;
      const how = { author: authorOf(sender), allowed: deps.policy().directory.roles };
      const changed = await changeUser(tx, now, held.value, after.value, how);
      if (!changed.ok) return changed;
      const person = await tryGetUser(tx, held.value.id);
      if (!person) throw new Error('a user that was held is gone');
      return succeed(show(person, selection.value, reply));
    });
  };
  return {
    'scim/find-users': ({ query }) => find(query),
    'scim/search-users': ({ body }) => find(body),

    'scim/show-user': async ({ params, query }, _sender, reply) => {
      const selection = readSelection('User', query);
      if (!selection.ok) return selection;
      const id = readId(params.user);
      const person = id && (await tryGetUser(deps.database, id));
      return person ? succeed(show(person, selection.value, reply)) : fail('SCIM_RESOURCE_UNKNOWN');
    },

    'scim/add-user': async ({ query, body }, sender, reply) => {
      const selection = readSelection('User', query);
      if (!selection.ok) return selection;
      const facts = readUser(body);
      if (!facts.ok) return facts;
      return writing(async (tx) => {
        const added = await addUser(tx, deps.now(), facts.value, authorOf(sender));
        if (!added.ok) return added;
        const person = await tryGetUser(tx, added.value);
        if (!person) throw new Error('a user was not stored');
        reply.setHeader('location', showUser(person, base).location);
        return succeed(show(person, selection.value, reply));
      });
    },

    'scim/replace-user': (input, sender, reply) =>
      change(input, sender, reply, (before) => readUser(input.body, before)),

    'scim/patch-user': (input, sender, reply) =>
      change(input, sender, reply, (before) => patchUser(before, input.body.Operations)),

    'scim/remove-user': ({ params, headers }, sender) =>
      deps.database.transaction(async (tx) => {
        const id = readId(params.user);
        if (id) await lockCardsOf(tx, id);
        const held = await hold(tx, params.user, headers['if-match']);
        if (!held.ok) return held;
        return removeUser(tx, deps.now(), held.value, authorOf(sender));
      }),
  } satisfies Partial<Handlers>;
};
