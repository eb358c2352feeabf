import type { Server, Socket } from 'node:net';
import type { TerminalEvent } from '#contract/audit.ts';
import {
  type Cover,
  type CurtainState,
  type FromCurtain,
  fromCurtain,
  type Lease,
  longestCurtainLine,
  longestLabel,
  type ToCurtain,
} from '#contract/curtain.ts';
import type { LockId } from '#contract/ids.ts';
import type { View } from '#contract/screen.ts';
import type { LoginEvent } from '#core/login/state.ts';
import { createLines } from './lines.ts';
import type { Log } from './log.ts';

export interface CurtainLinkDeps {
  /** A server that listens on the curtains' own socket; it is closed when the link stops. */
  readonly server: Server;
  /** The user whose process is at the other end, or `undefined` where that cannot be told. */
  readonly userOf: (socket: Socket) => number | undefined;
  /** The user whose curtains are let in. */
  readonly user: number;
  readonly onEvent: (event: LoginEvent) => void;
  readonly lock: () => LockId;
  readonly lease: { isHeld(): boolean; renew(): void };
  readonly record: (facts: TerminalEvent) => void;
  readonly now: () => number;
  readonly log: Log;
}

/** The two curtains of this terminal. What they report is what counts as covered. */
export interface CurtainLink {
  send(message: Lease | Cover): void;
  /** A view that covers an open session covers its desktop, too. */
  show(view: View): void;
  /** Every curtain covers every screen for this lock, and one of them holds keyboard and pointer. */
  isCovered(lock: LockId): boolean;
  stop(): Promise<void>;
}

interface Curtain {
  readonly socket: Socket;
  joined: boolean;
  state: CurtainState | undefined;
}

/** Two, and their successors while the system has not told of their end. */
const mostCurtains = 8;
/** Comings and goings that are recorded in a minute: a curtain that is killed over and over must not fill the journal. */
const recordedChanges = 20;

export function startCurtainLink(deps: CurtainLinkDeps): CurtainLink {
  const { log, now } = deps;
  const curtains = new Set<Curtain>();
  let viewCovers = true;
  let label = labelOf('', '');
  let changes = { since: 0, count: 0 };

  const write = ({ socket }: Curtain, ...messages: ToCurtain[]): void =>
    void socket.write(messages.map((message) => `${JSON.stringify(message)}\n`).join(''));
  const joined = (): Curtain[] => [...curtains].filter((curtain) => curtain.joined);

  function isCovered(lock: LockId): boolean {
    const all = joined();
    const covers = ({ state }: Curtain) => state?.covered === true && state.lock === lock;
    return all.length > 0 && all.every(covers) && all.some(({ state }) => state?.held);
  }

  function record(facts: TerminalEvent): void {
    if (now() - changes.since > 60_000) changes = { since: now(), count: 0 };
    changes.count += 1;
    if (changes.count <= recordedChanges) deps.record(facts);
  }

  function lose(curtain: Curtain, why: string): void {
    if (!curtains.delete(curtain)) return;
    curtain.socket.destroy();
    if (!curtain.joined) return;
    log.warn('curtain-lost', { why, left: joined().length });
    record({ kind: 'curtain.lost', outcome: 'minor', reason: why });
    if (joined().length === 0 && deps.lease.isHeld()) deps.onEvent({ kind: 'lock-asked', reason: 'screen-lost' });
  }

  function take(curtain: Curtain, message: FromCurtain): void {
    switch (message.kind) {
      case 'curtain-hello':
        curtain.joined = true;
        log.info('curtain-joined', { pid: message.pid });
        record({ kind: 'curtain.joined', outcome: 'success' });
        write(curtain, { kind: 'cover', lock: deps.lock() }, label);
        // Beside an open desktop it must not cover until the next renewal.
        return deps.lease.renew();
      case 'curtain-state':
        curtain.state = message;
        log.debug('curtain-state', { covered: message.covered, held: message.held, at: now() });
        if (message.lock !== null && isCovered(message.lock)) deps.onEvent({ kind: 'covered', lock: message.lock });
        return;
      case 'idle':
        return deps.onEvent({ kind: 'idle-reported', seconds: message.seconds });
      case 'lock-asked':
        return deps.onEvent({ kind: 'lock-asked', reason: 'button' });
    }
  }

  function read(curtain: Curtain, line: string): void {
    const parsed = fromCurtain.safeParse(parseJson(line));
    if (!parsed.success || curtain.joined === (parsed.data.kind === 'curtain-hello')) return lose(curtain, 'nonsense');
    take(curtain, parsed.data);
  }

  function accept(socket: Socket): void {
    const user = deps.userOf(socket);
    if (user !== deps.user || curtains.size >= mostCurtains) {
      log.warn('curtain-refused', { user: user ?? 'unknown', curtains: curtains.size });
      record({ kind: 'curtain.refused', outcome: 'serious', reason: user === deps.user ? 'too-many' : 'foreign-user' });
      return void socket.destroy();
    }
    const curtain: Curtain = { socket, joined: false, state: undefined };
    curtains.add(curtain);
    const lines = createLines(longestCurtainLine);
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const line of lines.push(chunk)) if (curtains.has(curtain)) read(curtain, line);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        lose(curtain, 'nonsense');
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => lose(curtain, 'ended'));
  }

  deps.server.on('connection', accept);
  return {
    isCovered,
    send(message) {
      if (message.kind === 'lease' && viewCovers) return;
      for (const curtain of joined()) write(curtain, message);
    },
    show(view) {
      const next = labelOf(view.terminal, view.helpdesk);
      if (JSON.stringify(next) !== JSON.stringify(label)) {
        label = next;
        for (const curtain of joined()) write(curtain, label);
      }
      if (view.cover === viewCovers) return;
      viewCovers = view.cover;
      if (!deps.lease.isHeld()) return;
      if (viewCovers) for (const curtain of joined()) write(curtain, { kind: 'cover', lock: deps.lock() });
      else deps.lease.renew();
    },
    async stop() {
      const closed = new Promise<void>((resolve) => deps.server.close(() => resolve()));
      for (const { socket } of curtains) socket.destroySoon();
      curtains.clear();
      await closed;
    },
  };
}

const labelOf = (terminal: string, helpdesk: string): ToCurtain => ({
  kind: 'label',
  terminal: cut(terminal),
  helpdesk: cut(helpdesk),
});

/** As much of a name as a line has room for, never half a letter; control characters have no place on a cover. */
function cut(text: string): string {
  let kept = '';
  for (const letter of text.replaceAll(/\p{C}/gu, '')) {
    if (Buffer.byteLength(kept + letter) > longestLabel) break;
    kept += letter;
  }
  return kept;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
