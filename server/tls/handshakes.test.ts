import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { type AddressInfo, connect as connectBare, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { type Authority, makeAuthority, openAuthority } from './authority.ts';
import { paceHandshakes } from './handshakes.ts';

let authority: Authority;
let server: Server;
let stopPacing: () => void;
const open = new Set<Socket>();
before(async () => {
  authority = openAuthority({ id: 1, ...(await makeAuthority(new Date())) });
  const { certificate: cert, key } = await authority.issueServer(['localhost'], new Date());
  server = createServer({ cert, key, minVersion: 'TLSv1.3', pauseOnConnect: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.write('hello');
  });
  stopPacing = paceHandshakes(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
after(async () => {
  stopPacing();
  for (const socket of open) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const portOf = (): number => (server.address() as AddressInfo).port;
const keep = <Kept extends Socket>(socket: Kept): Kept => {
  open.add(socket.on('error', () => undefined));
  return socket;
};
/** Resolves with the time when the server has said hello over TLS. */
const greet = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const socket: TLSSocket = keep(connect({ port: portOf(), servername: 'localhost', ca: authority.certificate }));
    socket.once('data', () => resolve(performance.now()));
    socket.once('close', () => reject(new Error('closed')));
  });
/** A server that only notes in which order connections begin, and connections that only know whether they are open. */
const noteOrder = () => {
  const begun: number[] = [];
  const bare = new EventEmitter().on('connection', ({ place }: { place: number }) => begun.push(place));
  const stop = paceHandshakes(bare as unknown as Server);
  const sockets: { place: number; destroyed: boolean; destroy(): unknown }[] = [];
  const arrive = (count: number): void => {
    for (const place of Array.from({ length: count }, (_, index) => sockets.length + index)) {
      const socket = { place, destroyed: false, destroy: () => Object.assign(socket, { destroyed: true }) };
      sockets.push(socket);
      bare.emit('connection', socket);
    }
  };
  return { begun, sockets, arrive, stop };
};

describe('handshakes', () => {
  test('of a crowd are all made', async () => {
    const times = await Promise.all(Array.from({ length: 120 }, greet));
    assert.equal(times.length, 120);
  });

  test('go on while others are silent: who sends nothing takes nobody’s place', async () => {
    for (let count = 0; count < 60; count += 1) keep(connectBare(portOf(), '127.0.0.1'));
    const since = performance.now();
    const at = await greet();
    assert.ok(at - since < 3000, `${at - since} ms`);
  });

  test('begin with the newest when not all can begin, and still come to the oldest', async () => {
    const { arrive, begun, stop } = noteOrder();
    arrive(300);
    const atOnce = begun.length;
    assert.ok(atOnce > 0 && atOnce <= 16, `${atOnce} began at once`);
    await wait(20);
    arrive(1);
    const since = performance.now();
    while (!begun.includes(300)) await wait(1);
    assert.ok(performance.now() - since < 200);
    assert.ok(begun.length < 250, `${begun.length} had begun before the newest one`);
    while (begun.length < 301) await wait(5);
    assert.ok(begun.indexOf(299) < begun.indexOf(20), 'the newest of the crowd first');
    stop();
  });

  test('pass over a connection that has ended while it waited', async () => {
    const { arrive, begun, sockets, stop } = noteOrder();
    arrive(40);
    for (const socket of sockets.slice(20, 30)) socket.destroy();
    while (begun.length < 30) await wait(5);
    await wait(30);
    assert.deepEqual(
      begun.filter((place) => place >= 20 && place < 30),
      [],
    );
    stop();
  });

  test('that wait end when the server stops', () => {
    const { arrive, begun, sockets, stop } = noteOrder();
    arrive(100);
    stop();
    assert.equal(sockets.filter(({ destroyed }) => destroyed).length, 100 - begun.length);
  });
});
