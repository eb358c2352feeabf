import type { IpcMain, IpcMainInvokeEvent, WebContents } from 'electron';
import { type FailureCode, fail, type Result, succeed } from '#contract/errors.ts';
import {
  type CallName,
  type CallRequest,
  calls,
  type FromScreen,
  type GuardCallName,
  type MainCallName,
  type WindowKind,
} from '#contract/screen.ts';
import { isOwnPage } from './address.ts';

/** The one channel from a page to Electron main; its first argument names the row. */
const callChannel = 'kazasu/call';

export interface Sender {
  /** Address of the frame that asks; `null` when the frame is gone. */
  readonly url: string | null;
  readonly topFrame: boolean;
  /** The window that main knows this page to be; `undefined` for any other page. */
  readonly window: WindowKind | undefined;
}

type Refused = Extract<FromScreen, { kind: 'call-refused' }>['why'];

export type Judgement =
  | { readonly kind: 'main'; readonly name: MainCallName; readonly request: unknown; readonly window: WindowKind }
  | { readonly kind: 'guard'; readonly name: GuardCallName; readonly request: unknown; readonly window: WindowKind }
  | { readonly kind: 'refused'; readonly why: Refused; readonly code: FailureCode };

const isCall = (name: unknown): name is CallName => typeof name === 'string' && Object.hasOwn(calls, name);

/** Right sender, known call, right window, right payload: in this order, the first that fails is told. */
export const judgeCall = (sender: Sender, name: unknown, request: unknown): Judgement => {
  if (sender.window === undefined || !sender.topFrame || sender.url === null || !isOwnPage(sender.url)) {
    return { kind: 'refused', why: 'foreign-sender', code: 'REQUEST_FOREIGN' };
  }
  if (!isCall(name)) return { kind: 'refused', why: 'unknown-call', code: 'REQUEST_UNKNOWN' };
  const row = calls[name];
  if (!(row.windows as readonly WindowKind[]).includes(sender.window)) {
    return { kind: 'refused', why: 'foreign-window', code: 'REQUEST_FOREIGN' };
  }
  const parsed = row.request.safeParse(request);
  if (!parsed.success) return { kind: 'refused', why: 'bad-request', code: 'REQUEST_INVALID' };
  const found = { name, request: parsed.data, window: sender.window };
  return row.by === 'main' ? ({ kind: 'main', ...found } as Judgement) : ({ kind: 'guard', ...found } as Judgement);
};

/** What main does itself; a missing handler does not compile. */
export type MainHandlers = {
  readonly [Name in MainCallName]: (request: CallRequest<Name>, page: WebContents, window: WindowKind) => void;
};

export interface GateDeps {
  readonly ipc: IpcMain;
  readonly findWindow: (page: WebContents) => WindowKind | undefined;
  readonly handlers: MainHandlers;
  readonly forward: (
    window: WindowKind,
    name: GuardCallName,
    request: unknown,
  ) => Promise<Result<Record<string, never>>>;
  readonly refused: (report: Extract<FromScreen, { kind: 'call-refused' }>) => void;
}

const describe = (event: IpcMainInvokeEvent, window: WindowKind | undefined): Sender => {
  const frame = event.senderFrame;
  return { url: frame?.url ?? null, topFrame: frame !== null && frame === event.sender.mainFrame, window };
};

/** The only place where a page reaches main. Answers every request; never throws back what it was sent. */
export const createGate = (deps: GateDeps): (() => void) => {
  deps.ipc.handle(callChannel, async (event, name: unknown, request: unknown) => {
    const window = deps.findWindow(event.sender);
    const judgement = judgeCall(describe(event, window), name, request);
    if (judgement.kind === 'refused') {
      const told = typeof name === 'string' ? name.slice(0, 80) : typeof name;
      deps.refused({ kind: 'call-refused', window: window ?? 'foreign', name: told, why: judgement.why });
      return fail(judgement.code);
    }
    if (judgement.kind === 'guard') return deps.forward(judgement.window, judgement.name, judgement.request);
    const handle = deps.handlers[judgement.name] as (request: unknown, page: WebContents, window: WindowKind) => void;
    handle(judgement.request, event.sender, judgement.window);
    return succeed({});
  });
  return () => deps.ipc.removeHandler(callChannel);
};
