import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A network between two processes that a test can break: bytes go through it as long as they may. */
export interface TestProxy {
  readonly port: number;
  /** Ends every connection; new ones go on. */
  cut(): void;
  /** Swallows everything, both ways, as a pulled cable does; nothing is told to either side. */
  pause(): void;
  /** Everything goes on, also what was swallowed. */
  resume(): void;
  /** New connections are refused and the present ones ended. */
  close(): Promise<void>;
  /** Lets connections in again, to this port from now on. */
  open(target?: number): Promise<void>;
  /** Connections that go through it now. */
  connections(): number;
}

export const startTestProxy = async (target: number): Promise<TestProxy> => {
  const pairs = new Set<readonly [Socket, Socket]>();
  let paused = false;
  let to = target;
  let port = 0;

  const join = (from: Socket, into: Socket): void => {
    from.on('data', (chunk) => {
      if (!into.destroyed) into.write(chunk);
    });
    from.on('error', () => undefined);
    from.on('close', () => into.destroy());
  };
  const accept = (near: Socket): void => {
    const far = connect({ host: '127.0.0.1', port: to });
    const pair = [near, far] as const;
    pairs.add(pair);
    near.once('close', () => pairs.delete(pair));
    join(near, far);
    join(far, near);
    if (paused) for (const socket of pair) socket.pause();
  };
  let server = createServer(accept);
  const listen = async (): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  };
  const cut = (): void => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  };
  await listen();
  return {
    get port() {
      return port;
    },
    cut,
    pause: () => {
      paused = true;
      for (const pair of pairs) for (const socket of pair) socket.pause();
    },
    resume: () => {
      paused = false;
      for (const pair of pairs) for (const socket of pair) socket.resume();
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      cut();
      await closed;
    },
    open: async (next = to) => {
      to = next;
      if (server.listening) return;
      server = createServer(accept);
      await listen();
    },
    connections: () => pairs.size,
  };
};
