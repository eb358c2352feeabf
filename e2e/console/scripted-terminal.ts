import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';
import type { Admission, Pushed } from '#contract/api/terminals.ts';
import type { CardEvidence } from '#contract/card.ts';
import type { Failure } from '#contract/errors.ts';

export interface Answered {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>> & { readonly failure?: Failure };
}

/** A terminal that does what a test says, over the wire of a real one: own key, certificate, stream, receipts. */
export interface ScriptedTerminal {
  readonly id: string;
  readonly name: string;
  /** The next push of this kind, also one that came before; ten seconds. */
  next<Kind extends Pushed['kind']>(kind: Kind): Promise<Extract<Pushed, { kind: Kind }>>;
  post(path: string, body: unknown): Promise<Answered>;
  giveCard(ceremony: string, card: CardEvidence): Promise<Answered>;
  givePin(ceremony: string, pin: string): Promise<Answered>;
  /** Holds a card and types a PIN; answers the session. */
  logIn(card: CardEvidence, pin: string): Promise<string>;
  /** Holds a card and types PINs that are wrong, until the server has had enough. */
  guess(card: CardEvidence): Promise<void>;
  /** The ticket with which this terminal's own window signs in to the console. */
  consoleTicket(session: string): Promise<string>;
  /** The signed receipt of a revocation, with the screen covered at `at`; now unless told. */
  confirm(number: number, covered: boolean, at?: Date): Promise<Answered>;
  /** Loses the stream, as by a pulled cable. */
  unplug(): Promise<void>;
  plugIn(): Promise<void>;
  /** Resolves when the stream is over, as where the server cuts it. */
  ended(): Promise<void>;
  stop(): Promise<void>;
}

/** DER (X.690): tag, length, content. */
const der = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  const length = content.length < 128 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
};
const commonName = Buffer.from('0603550403', 'hex');
const ecdsaWithSha256 = Buffer.from('06082a8648ce3d040302', 'hex');

/** PKCS #10 (RFC 2986), signed with the key that it asks for. */
function certificateRequest(publicKey: KeyObject, privateKey: KeyObject): string {
  const name = der(0x30, der(0x31, der(0x30, commonName, der(0x0c, Buffer.from('terminal')))));
  const key = publicKey.export({ type: 'spki', format: 'der' });
  const info = der(0x30, der(0x02, Buffer.from([0])), name, key, der(0xa0));
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', info, privateKey)]);
  const request = der(0x30, info, der(0x30, ecdsaWithSha256), der(0x03, signature)).toString('base64');
  return `-----BEGIN CERTIFICATE REQUEST-----\n${request.replace(/(.{64})/g, '$1\n')}\n-----END CERTIFICATE REQUEST-----\n`;
}

export async function enrolScriptedTerminal(
  origin: string,
  authority: string,
  code: string,
): Promise<ScriptedTerminal> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ca = readFileSync(authority, 'utf8');
  const stranger = new Agent({ connect: { ca } });
  const admitted = await post(stranger, origin, '/v1/terminals/enrol', {
    code,
    request: certificateRequest(publicKey, privateKey),
  });
  await stranger.close();
  if (admitted.status !== 200) throw new Error(`not enrolled: ${JSON.stringify(admitted.body)}`);
  const admission = admitted.body as unknown as Admission;
  const key = privateKey.export({ format: 'pem', type: 'pkcs8' });
  const agent = new Agent({ connect: { ca, cert: admission.certificate, key } });
  const own = (path: string, body: unknown): Promise<Answered> => post(agent, origin, path, body);

  const heard: Pushed[] = [];
  /** Tokens of sessions, as a guard keeps them. */
  const tokens = new Map<string, string>();
  const waiting = new Set<() => void>();
  let unplug = async (): Promise<void> => undefined;
  let ended = Promise.resolve();
  const plugIn = async (): Promise<void> => {
    const line = new AbortController();
    const stream = await request(`${origin}/v1/terminals/stream?after=0&clock=${Date.now()}`, {
      dispatcher: agent,
      signal: line.signal,
      headersTimeout: 10_000,
      bodyTimeout: 0,
    });
    if (stream.statusCode !== 200) throw new Error(`no stream: ${stream.statusCode}`);
    const listening = listen(stream.body, (pushed) => {
      heard.push(pushed);
      for (const wake of [...waiting]) wake();
    });
    ended = listening;
    unplug = () => {
      line.abort();
      return listening;
    };
  };
  await plugIn();
  const terminal: ScriptedTerminal = {
    id: admission.terminal,
    name: admission.name,
    next: (kind) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const place = heard.findIndex((pushed) => pushed.kind === kind);
          if (place === -1) return;
          waiting.delete(look);
          clearTimeout(timer);
          resolve(heard.splice(place, 1)[0] as Extract<Pushed, { kind: typeof kind }>);
        };
        const timer = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`no ${kind} was pushed within ten seconds`));
        }, 10_000);
        waiting.add(look);
        look();
      }),
    post: own,
    giveCard: (ceremony, card) => own(`/v1/ceremonies/${ceremony}/card`, { card }),
    givePin: (ceremony, pin) => own(`/v1/ceremonies/${ceremony}/pin`, { pin }),
    async logIn(card, pin) {
      const begun = await own('/v1/attempts', { lock: crypto.randomUUID(), card });
      const proved = await own(`/v1/attempts/${String(begun.body['attempt'])}/proofs`, {
        ticket: begun.body['ticket'],
        factor: 'pin',
        secret: pin,
      });
      if (proved.status !== 200) throw new Error(`not logged in: ${JSON.stringify(proved.body)}`);
      const session = String(proved.body['session']);
      tokens.set(session, String(proved.body['token']));
      return session;
    },
    async guess(card) {
      for (let tries = 0; tries < 20; tries += 1) {
        const begun = await own('/v1/attempts', { lock: crypto.randomUUID(), card });
        if (begun.status !== 200) return;
        const path = `/v1/attempts/${String(begun.body['attempt'])}/proofs`;
        const refused = await own(path, { ticket: begun.body['ticket'], factor: 'pin', secret: '99999999' });
        if (refused.body.failure?.code === 'PROOF_LOCKED') return;
      }
      throw new Error('the server never had enough');
    },
    async consoleTicket(session) {
      return String((await own(`/v1/sessions/${session}/console`, { token: tokens.get(session) })).body['ticket']);
    },
    async confirm(number, covered, at = new Date()) {
      const now = at.toISOString();
      const lockedAt = covered ? now : null;
      const signed = Buffer.from(`${number}.${lockedAt ?? ''}.${now}`);
      const signature = sign('sha256', signed, { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');
      return own('/v1/terminals/confirm', { number, lockedAt, receivedAt: now, signature });
    },
    unplug: () => unplug(),
    plugIn,
    ended: () => ended,
    async stop() {
      await unplug();
      await agent.destroy();
    },
  };
  return terminal;
}

async function post(agent: Agent, origin: string, path: string, body: unknown): Promise<Answered> {
  const answer = await request(`${origin}${path}`, {
    dispatcher: agent,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.statusCode, body: (await answer.body.json()) as Answered['body'] };
}

/** Ends when the line does. */
async function listen(body: AsyncIterable<Buffer>, hear: (pushed: Pushed) => void): Promise<void> {
  let rest = '';
  try {
    for await (const chunk of body) {
      const lines = (rest + chunk.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.startsWith('data:')) hear(JSON.parse(line.slice(5)) as Pushed);
    }
  } catch {
    // Unplugged, or the server cut it.
  }
}
