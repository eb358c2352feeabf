import type { Role } from '#contract/api/row.ts';
import type { ScimGroup, ScimUser } from '#contract/api/scim.ts';
import { scimUrns } from '#contract/api/scim.ts';
import type { TestConsole, TestSender, TestServer } from './testing.ts';

export interface ScimAnswer {
  readonly status: number;
  readonly body: Record<string, never> & {
    readonly scimType?: string;
    readonly detail?: string;
    readonly totalResults?: number;
    readonly startIndex?: number;
    readonly itemsPerPage?: number;
    readonly Resources?: (ScimUser & ScimGroup)[];
  };
  /** Our failure code, at the head of `detail`. */
  readonly code: string | undefined;
  readonly headers: Headers;
}

/** A directory with its token. */
export interface TestDirectory extends TestSender {
  readonly client: string;
  readonly name: string;
  readonly token: string;
  readonly admin: TestConsole;
  send(method: string, path: string, body?: unknown, headers?: object): Promise<ScimAnswer>;
  addUser(userName: string, more?: object): Promise<ScimUser>;
  addGroup(displayName: string, members?: readonly string[]): Promise<ScimGroup>;
  patch(path: string, ...operations: object[]): Promise<ScimAnswer>;
  /** Has an admin give a group a role. */
  giveRole(group: string, role: Role | null): Promise<{ readonly status: number; readonly code: string | undefined }>;
}

/** The userName of each user that was answered. */
export const namesIn = ({ Resources = [] }: Pick<ScimAnswer['body'], 'Resources'>): (string | undefined)[] =>
  Resources.map(({ userName }) => userName);

let directories = 0;

export const connectDirectory = async (server: TestServer): Promise<TestDirectory> => {
  const admin = await server.signIn(['admin']);
  directories += 1;
  const name = `Directory ${directories}`;
  const made = await server.call(admin, 'directory-clients/add', { body: { name } });
  if (made.status !== 200) throw new Error(`not connected: ${JSON.stringify(made.body)}`);
  const { client, token } = made.body as { client: string; token: string };
  const { agent } = server.sender({});
  const headers = { authorization: `Bearer ${token}` };
  const send: TestDirectory['send'] = async (method, path, body, more = {}) => {
    const answer = await server.send({ agent, headers }, `/scim/v2${path}`, {
      method,
      ...(body === undefined ? {} : { body }),
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/scim+json' }), ...more },
    });
    const text = await answer.text();
    const parsed = (text === '' ? {} : JSON.parse(text)) as ScimAnswer['body'];
    const code = parsed.detail?.split(':')[0];
    return { status: answer.status, body: parsed, code, headers: answer.headers as unknown as Headers };
  };
  const must = async (sent: Promise<ScimAnswer>): Promise<ScimAnswer['body']> => {
    const { status, body } = await sent;
    if (status !== 201) throw new Error(`not added: ${JSON.stringify(body)}`);
    return body;
  };
  return {
    agent,
    headers,
    client,
    name,
    token,
    admin,
    send,
    addUser: async (userName, more = {}) =>
      (await must(send('POST', '/Users', { schemas: [scimUrns.user], userName, ...more }))) as unknown as ScimUser,
    addGroup: async (displayName, members = []) => {
      const body = { schemas: [scimUrns.group], displayName, members: members.map((value) => ({ value })) };
      return (await must(send('POST', '/Groups', body))) as unknown as ScimGroup;
    },
    patch: (path, ...operations) => send('PATCH', path, { schemas: [scimUrns.patch], Operations: operations }),
    giveRole: (group, role) => server.call(admin, 'directory-groups/set-role', { params: { group }, body: { role } }),
  };
};
