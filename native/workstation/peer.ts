import type { Socket } from 'node:net';
import koffi from 'koffi';

/** socket(7): the level and the option that tell who is at the other end of a local socket. */
const level = 1;
const peerCredentials = 17;
/** struct ucred: process, user and group, four bytes each. */
const size = 12;

interface Held {
  readonly _handle?: { readonly fd?: number } | null;
}

/** The user whose process is at the other end of a local socket on Linux; `undefined` when it cannot be told. */
export function createPeerUser(): (socket: Socket) => number | undefined {
  const library = koffi.load('libc.so.6');
  const getsockopt = library.func('int getsockopt(int fd, int level, int option, void *value, _Inout_ uint32_t *size)');
  return (socket) => {
    const fd = (socket as unknown as Held)._handle?.fd;
    if (fd === undefined || fd < 0) return undefined;
    const credentials = Buffer.alloc(size);
    const length = [size];
    if (getsockopt(fd, level, peerCredentials, credentials, length) !== 0 || length[0] !== size) return undefined;
    return credentials.readUInt32LE(4);
  };
}
