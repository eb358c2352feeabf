import { type CallName, type CallRequest, calls, type GuardCallName, type WindowKind } from '#contract/screen.ts';
import type { LoginEvent } from '#core/login/state.ts';

/** What each call of a window is to the machine. A call without a row here does not compile. */
const eventOf: { readonly [Name in GuardCallName]: (request: CallRequest<Name>) => LoginEvent } = {
  'login/press': ({ key }) => ({ kind: 'pressed', key }),
  'login/choose-factor': ({ factor }) => ({ kind: 'factor-chosen', factor }),
  'login/settle': ({ choice }) => ({ kind: 'settle-asked', choice }),
  'login/without-card': () => ({ kind: 'without-card-asked' }),
  'login/choose-way': ({ way }) => ({ kind: 'way-chosen', way }),
  'login/choose-reason': ({ reason }) => ({ kind: 'reason-chosen', reason }),
  'login/confirm': () => ({ kind: 'confirmed' }),
  'login/cancel': () => ({ kind: 'cancelled' }),
  'session/lock': () => ({ kind: 'lock-asked', reason: 'button' }),
  'session/stay': () => ({ kind: 'stayed' }),
  'session/open-console': () => ({ kind: 'console-asked' }),
};

export type CallFault = 'unknown-call' | 'foreign-window' | 'bad-request';

/** The event that a call stands for, or why it is refused. */
export function readCall(call: { window: WindowKind; name: string; request: unknown }): LoginEvent | CallFault {
  if (!Object.hasOwn(calls, call.name)) return 'unknown-call';
  const name = call.name as CallName;
  const row = calls[name];
  if (row.by !== 'guard') return 'unknown-call';
  if (!(row.windows as readonly WindowKind[]).includes(call.window)) return 'foreign-window';
  const parsed = row.request.safeParse(call.request);
  if (!parsed.success) return 'bad-request';
  const react = eventOf[name as GuardCallName] as (request: unknown) => LoginEvent;
  return react(parsed.data);
}
