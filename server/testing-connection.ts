import { connect, type TLSSocket } from 'node:tls';
import type { TestServer, TestTerminal } from './testing.ts';

/** A push stream on a bare connection, as a terminal's guard holds one. */
export interface BareStream {
  readonly socket: TLSSocket;
  /** Everything that came so far. */
  text(): string;
  /** Resolves when this has come. */
  heard(part: string): Promise<void>;
  readonly closed: Promise<void>;
}

export const openBareStream = async (
  server: Pick<TestServer, 'authority' | 'now'>,
  port: number,
  terminal: Pick<TestTerminal, 'key' | 'admission'>,
  options: { readonly answers?: boolean; readonly after?: number } = {},
): Promise<BareStream> => {
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ca: server.authority.certificate,
    key: terminal.key,
    cert: terminal.admission.certificate,
  });
  let text = '';
  let wake = (): void => undefined;
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('data', (chunk: Buffer) => {
    const came = chunk.toString('utf8');
    text += came;
    if (options.answers === true && came.includes('"kind":"beat"')) socket.write('\r\n');
    wake();
  });
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  const { after = 0 } = options;
  socket.write(
    `GET /v1/terminals/stream?after=${after}&clock=${server.now().getTime()} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
  );
  const stream: BareStream = {
    socket,
    text: () => text,
    heard: async (part) => {
      const late = setTimeout(() => socket.destroy(new Error('late')), 10_000);
      while (!text.includes(part) && !socket.destroyed) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          socket.once('close', () => resolve());
        });
      }
      clearTimeout(late);
      if (!text.includes(part)) throw new Error(`${part} did not come; it was: ${text.slice(-500)}`);
    },
    closed,
  };
  await stream.heard('"kind":"hello"');
  return stream;
};
