import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createLink, type Link } from './network.ts';

/** Answers each piece with itself, and remembers all that it was sent. */
const server = createServer((socket) => {
  let mine = '';
  const place = heard.push('') - 1;
  socket.on('error', () => undefined);
  socket.on('data', (piece) => {
    mine += piece.toString();
    heard[place] = mine;
    socket.write(piece);
  });
});
let heard: string[] = [];
let link: Link;
const sockets: Socket[] = [];

beforeEach(async () => {
  heard = [];
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  link = await createLink((server.address() as AddressInfo).port);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await link.close();
  await new Promise((resolve) => server.close(resolve));
});

const join = async () => {
  const socket = connect(link.port, '127.0.0.1');
  sockets.push(socket);
  let said = '';
  let ended = false;
  socket.on('data', (piece) => (said += piece.toString()));
  socket.on('error', () => undefined);
  socket.on('close', () => (ended = true));
  await once(socket, 'connect');
  return { write: (text: string) => void socket.write(text), said: () => said, ended: () => ended };
};
const until = async (holds: () => boolean): Promise<void> => {
  for (let tries = 0; !holds(); tries += 1) {
    assert.ok(tries < 400, 'waited in vain');
    await delay(5);
  }
};

test('in good weather everything comes through, in its order', async () => {
  const near = await join();
  near.write('one');
  near.write('two');
  await until(() => near.said() === 'onetwo');
});

test('what is held arrives when the weather changes; held down means that the question arrives and the answer does not', async () => {
  const near = await join();
  link.change({ down: { held: true } });
  near.write('question');
  await until(() => heard[0] === 'question');
  await delay(50);
  assert.equal(near.said(), '');
  link.change({});
  await until(() => near.said() === 'question');
});

test('where answers are lost the question is done and the connection ends', async () => {
  const near = await join();
  await delay(450);
  link.change({ losesAnswers: true });
  near.write('question');
  await until(near.ended);
  assert.equal(heard[0], 'question');
  assert.equal(near.said(), '');
});

test('where everything is doubled the server gets it over two connections', async () => {
  link.change({ doubled: true });
  const near = await join();
  near.write('again');
  await until(() => heard.length === 2 && heard.every((one) => one === 'again'));
  await until(() => near.said() === 'again');
});

test('a dripping answer comes whole as soon as it drips no more', async () => {
  const near = await join();
  link.change({ down: { drip: 30_000 } });
  near.write('slowly');
  await until(() => near.said() === 's');
  link.change({});
  await until(() => near.said() === 'slowly');
});

test('a connection that was refused or cut is ended', async () => {
  const before = await join();
  link.cut();
  await until(before.ended);
  link.change({ refuses: true });
  const near = await join();
  await until(near.ended);
});
