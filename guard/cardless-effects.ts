import type { Opened } from '#contract/api/logins.ts';
import type { AttemptId } from '#contract/ids.ts';
import type { CardlessEffect } from '#core/login/cardless-state.ts';
import type { EffectsDeps } from './effects.ts';
import { createIdempotencyKey } from './idempotency-key.ts';
import { heardLate, lateLimit } from './late.ts';

type Of<Kind extends CardlessEffect['kind']> = Extract<CardlessEffect, { kind: Kind }>;
type Performers = { readonly [Kind in CardlessEffect['kind']]: (effect: Of<Kind>) => void };

/** What is asked of the server for somebody without a card of their own. Codes and numbers leave by the digits' own buffer. */
export function createCardlessEffects(
  { clock, digits, dispatch, uplink }: Pick<EffectsDeps, 'clock' | 'digits' | 'dispatch' | 'uplink'>,
  tellProved: (attempt: AttemptId, opened: Opened) => void,
): Performers {
  const { call } = uplink;
  const unreachable = { code: 'SERVER_UNREACHABLE' } as const;

  const takeBody = (name: string, others: Readonly<Record<string, string>>): Buffer => {
    const body = digits.toBody(name, others);
    digits.forget();
    return body;
  };

  async function beginByCode({ request, lock }: Of<'begin-by-code'>): Promise<void> {
    const begun = call('attempts/begin-by-code', { secretBody: takeBody('code', { lock }) }, { limit: lateLimit });
    const giveUp = () => dispatch({ kind: 'code-failed', request, failure: unreachable });
    const reply = await heardLate(begun, giveUp);
    if (!reply.ok) return dispatch({ kind: 'code-failed', request, failure: reply.failure });
    const { expiresAt, grace: _, ...begins } = reply.value;
    dispatch({ kind: 'identified', request, ...begins, grace: false, endsAt: clock.toMoment(expiresAt) });
  }

  async function beginEmergency({ request, lock }: Of<'begin-emergency'>): Promise<void> {
    const begun = call('emergencies/begin', { secretBody: takeBody('code', { lock }) }, { limit: lateLimit });
    const giveUp = () => dispatch({ kind: 'code-failed', request, failure: unreachable });
    const reply = await heardLate(begun, giveUp);
    if (!reply.ok) return dispatch({ kind: 'code-failed', request, failure: reply.failure });
    const { expiresAt, ...begins } = reply.value;
    dispatch({ kind: 'emergency-begun', request, ...begins, endsAt: clock.toMoment(expiresAt) });
  }

  async function findColleague({ attempt, ticket }: Of<'find-colleague'>): Promise<void> {
    const request = { params: { attempt }, secretBody: takeBody('number', { ticket }) };
    const giveUp = () => dispatch({ kind: 'emergency-failed', attempt, failure: unreachable });
    const reply = await heardLate(call('emergencies/name', request, { limit: lateLimit }), giveUp);
    if (!reply.ok) return dispatch({ kind: 'emergency-failed', attempt, failure: reply.failure });
    const { ticket: named, greeting: colleague, expiresAt } = reply.value;
    dispatch({ kind: 'colleague-found', attempt, ticket: named, colleague, endsAt: clock.toMoment(expiresAt) });
  }

  async function openEmergency({ attempt, ticket, reason }: Of<'open-emergency'>): Promise<void> {
    const request = { params: { attempt }, body: { ticket, reason, idempotencyKey: createIdempotencyKey() } };
    const giveUp = () => dispatch({ kind: 'emergency-failed', attempt, failure: unreachable });
    const reply = await heardLate(call('emergencies/open', request, { limit: lateLimit }), giveUp);
    if (reply.ok) tellProved(attempt, reply.value);
    else dispatch({ kind: 'emergency-failed', attempt, failure: reply.failure });
  }

  return {
    'begin-by-code': (effect) => void beginByCode(effect),
    'begin-emergency': (effect) => void beginEmergency(effect),
    'find-colleague': (effect) => void findColleague(effect),
    'open-emergency': (effect) => void openEmergency(effect),
  };
}
