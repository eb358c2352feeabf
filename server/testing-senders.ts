import { type Role, type Row, roles } from '#contract/api/row.ts';
import type { FailureCode } from '#contract/errors.ts';
import type { TestSender, TestServer, TestTerminal } from './testing.ts';
import { connectDirectory, type TestDirectory } from './testing-directory.ts';

/** Every kind of sender: a signed-in person of each role, a terminal, a directory, and nobody. */
export const everybody = [...roles, 'terminal', 'directory', 'nobody'] as const;
export type Who = (typeof everybody)[number];

export const isRole = (who: Who): who is Role => (roles as readonly Who[]).includes(who);

/** What the gate answers a sender for who it is; `undefined`: it is let in. */
export const gateRefusal = ({ sender, method, path }: Row, who: Who): FailureCode | undefined => {
  if (typeof sender !== 'string') {
    if (who === 'directory') return 'CONSOLE_FORGED';
    if (!isRole(who)) return who === 'terminal' && method !== 'GET' ? 'CONSOLE_FORGED' : 'CONSOLE_SIGNED_OUT';
    return sender.includes(who) ? undefined : 'CONSOLE_ROLE_MISSING';
  }
  switch (sender) {
    case 'terminal':
      return who === 'terminal' ? undefined : 'TERMINAL_CERTIFICATE_MISSING';
    case 'directory':
      return who === 'directory' ? undefined : 'DIRECTORY_TOKEN_REFUSED';
    case 'anyone': {
      // Only a page of ours says where it comes from.
      const isPage = isRole(who) || who === 'nobody';
      return isPage || method === 'GET' || path.startsWith('/v1/terminals/') ? undefined : 'CONSOLE_FORGED';
    }
    default:
      return sender satisfies never;
  }
};

/** What the gate answers a sender whose body has another content type. */
export const contentTypeRefusal = (row: Row, who: Who): FailureCode => {
  if (row.sender === 'terminal') return 'REQUEST_INVALID';
  if (row.sender === 'directory') return gateRefusal(row, who) ?? 'REQUEST_INVALID';
  return 'CONSOLE_FORGED';
};

/** Everybody, each from an address of their own, so that what is counted by address is counted apart. */
export interface Senders {
  readonly terminal: TestTerminal;
  readonly otherTerminal: TestTerminal;
  readonly directory: TestDirectory;
  readonly addresses: Readonly<Record<Who, string>>;
  of(who: Who): TestSender;
  /** From the same address, without cookie, token or certificate. */
  withoutIdentity(who: Who): TestSender;
  /** Signs everybody in anew: sessions end while a test moves the clock on. */
  refresh(): Promise<void>;
}

export const connectSenders = async (server: TestServer): Promise<Senders> => {
  const { origin } = server;
  const addresses = Object.fromEntries(
    everybody.map((who, index) => [who, `127.0.1.${index + 1}`]),
  ) as Senders['addresses'];
  const [terminal, otherTerminal, directory] = [
    await server.enrol(),
    await server.enrol(),
    await connectDirectory(server),
  ];
  const plain = new Map(everybody.map((who) => [who, server.sender({ localAddress: addresses[who] }).agent]));
  const agentOf = (who: Who) => {
    const agent = plain.get(who);
    if (agent === undefined) throw new Error(`no connection for ${who}`);
    return agent;
  };
  const { key, admission } = terminal;
  const certified = server.sender({ key, cert: admission.certificate, localAddress: addresses.terminal });
  const known = new Map<Who, TestSender>();
  const refresh = async (): Promise<void> => {
    for (const role of roles) {
      const { headers } = await server.signIn([role]);
      known.set(role, { agent: agentOf(role), headers });
    }
  };
  await refresh();
  known.set('terminal', certified);
  known.set('directory', { agent: agentOf('directory'), headers: directory.headers });
  known.set('nobody', { agent: agentOf('nobody'), headers: { origin } });
  return {
    terminal,
    otherTerminal,
    directory,
    addresses,
    of: (who) => {
      const found = known.get(who);
      if (found === undefined) throw new Error(`nobody sends as ${who}`);
      return found;
    },
    withoutIdentity: (who) => ({ agent: agentOf(who), headers: { origin } }),
    refresh,
  };
};
