import { createServer } from 'node:net';

/**
 * Below the ports that systems take for connections to somewhere (Linux from 32,768 on, others from 49,152). Out of those,
 * while whoever listens there is being started again, one may go to a connection, even to one that looks whether it is up:
 * and then nobody can listen there until a minute after that connection has ended.
 */
export const ports = { from: 10_000, to: 32_767 };

/** Processes that look at the same moment begin at different places. */
let next = process.pid * 41;

const isFree = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });

/** A port that nobody listens on at this moment. */
export const findFreePort = async (host: string): Promise<number> => {
  const count = ports.to - ports.from + 1;
  for (let tries = 0; tries < count; tries += 1) {
    const port = ports.from + (next++ % count);
    if (await isFree(host, port)) return port;
  }
  throw new Error(`no port from ${ports.from} to ${ports.to} is free on ${host}`);
};
