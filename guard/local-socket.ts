import { once } from 'node:events';
import { chmod, mkdir, rm, stat } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { codeOf } from './log.ts';

/** A guard is listening on this socket already. */
export class SocketTaken extends Error {
  constructor(path: string) {
    super(`Another guard is running: it answers on ${path}. Stop it first, or give this one a socket of its own.`);
    this.name = 'SocketTaken';
  }
}

/** More than a screen and its curtains are somebody else. */
const mostEarly = 8;

const isPipe = (path: string): boolean => path.startsWith('\\\\.\\pipe\\');

/**
 * Listens on a local socket that only its owner can reach (folder 0700, socket 0600). A socket that a dead guard left behind
 * is removed; one that answers throws `SocketTaken`. Connections wait until somebody takes them: a screen that comes while
 * the guard still reads its files is not sent away to try again. Where there can be but one it is the `newest`: those before it
 * are what dead ones left.
 */
export async function listenLocally(path: string, whoWaited: 'all' | 'newest' = 'all'): Promise<Server> {
  const early: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    if (server.listenerCount('connection') > 1) return;
    if (early.length < mostEarly) early.push(socket);
    else socket.destroy();
  });
  server.on('newListener', (event) => {
    if (event === 'connection')
      queueMicrotask(() => {
        const living = early.splice(0).filter(({ destroyed }) => !destroyed);
        const taken = living.splice(whoWaited === 'newest' ? -1 : 0);
        for (const socket of living) socket.destroy();
        for (const socket of taken) server.emit('connection', socket);
      });
  });
  await takePath(server, path);
  return server;
}

async function takePath(server: Server, path: string): Promise<void> {
  if (isPipe(path)) return listen(server, path);
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { mode, uid } = await stat(folder);
  if (uid !== process.getuid?.()) throw new Error(`The folder ${folder} belongs to somebody else.`);
  if ((mode & 0o077) !== 0) await chmod(folder, 0o700);
  try {
    await listen(server, path);
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw error;
    if (await answers(path)) throw new SocketTaken(path);
    await rm(path, { force: true });
    await listen(server, path);
  }
  await chmod(path, 0o600);
}

async function listen(server: Server, path: string): Promise<void> {
  server.listen(path);
  await once(server, 'listening');
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
