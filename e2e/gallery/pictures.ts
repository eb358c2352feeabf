import { misread } from '#contract/card.ts';
import { emergencyReason, way } from '#contract/cardless.ts';
import { ceremonyProblem, lockReason, notReady, refusal } from '#contract/screen.ts';
import type { ScriptedView } from '../agent/scripted-guard.ts';

const secret = {
  kind: 'secret',
  greet: '佐藤 花子',
  others: ['totp'],
  accepted: [],
  typed: 0,
  shortest: 8,
  longest: 12,
  checking: false,
};
const ceremony = { kind: 'ceremony', person: '鈴木 一郎', by: '田中 恵', typed: 0, shortest: 8, longest: 12 };
const open = { kind: 'open', greet: '佐藤 花子', number: 'N-10423', mayOpenConsole: true };

const everyWay = way.options;
/** The step at which the machine shows a problem. */
const whereMet = (
  problem: (typeof ceremonyProblem.options)[number],
): { readonly task: string; readonly step: string } => {
  if (problem === 'ended' || problem === 'server') return { task: 'card', step: 'failed' };
  if (problem.startsWith('pin-')) return { task: 'pin', step: 'choose-pin' };
  return { task: problem === 'card-other' ? 'pin' : 'card', step: 'hold-card' };
};
const each = <Name extends string>(
  names: readonly Name[],
  prefix: string,
  view: (name: Name) => ScriptedView,
): [string, ScriptedView][] => names.map((name) => [`${prefix}-${name}`, view(name)]);

/** Every picture of the lock window; times count from `now`. */
export const lockPictures = (now: number): Readonly<Record<string, ScriptedView>> => {
  const inSeconds = (seconds: number): number => now + seconds * 1000;
  const pin = (change: object = {}): ScriptedView => ({
    picture: { ...secret, factor: 'pin', endsAt: inSeconds(52), ...change },
  });
  const elsewhere = (change: object): ScriptedView => ({
    picture: {
      kind: 'elsewhere',
      greet: '佐藤 花子',
      there: '3東-NS-02',
      since: inSeconds(-1_500),
      sending: false,
      endsAt: inSeconds(40),
      ...change,
    },
  });
  const step = (change: object): ScriptedView => ({ picture: { ...ceremony, ...change } });
  const code = (change: object = {}): ScriptedView => ({
    picture: {
      kind: 'code',
      what: 'substitute',
      typed: 0,
      shortest: 12,
      longest: 12,
      checking: false,
      endsAt: inSeconds(55),
      ...change,
    },
  });
  const colleague = { greet: '鈴木 一郎', number: 'N-10424', endsAt: inSeconds(150) };
  const reason = 'patient-urgent';
  return Object.fromEntries([
    ...each(notReady.options, 'not-ready', (why) => ({ picture: { kind: 'not-ready', why } })),
    ['ready', { picture: { kind: 'ready' } }],
    ['ready-offline', { picture: { kind: 'ready' }, online: false }],
    ['ready-offline-until', { picture: { kind: 'ready' }, online: false, offlineUntil: inSeconds(6 * 3600) }],
    ['ready-clock-wrong', { picture: { kind: 'ready' }, clockWrong: true }],
    ['ready-disk-full', { picture: { kind: 'ready' }, diskFull: true }],
    ...each(lockReason.options, 'ready-locked', (why) => ({
      picture: { kind: 'ready', notice: { kind: 'locked', why } },
    })),
    ...each(misread.options, 'ready', (why) => ({ picture: { kind: 'ready', notice: { kind: 'misread', why } } })),
    ['ready-lift-card', { picture: { kind: 'ready', notice: { kind: 'lift-card' } } }],
    ['reading', { picture: { kind: 'reading' } }],
    ['identifying', { picture: { kind: 'identifying' } }],
    ['secret-pin', pin()],
    ['secret-pin-typed', pin({ typed: 5 })],
    ['secret-pin-checking', pin({ typed: 8, checking: true })],
    ['secret-pin-wrong', pin({ wrong: { triesLeft: 3 } })],
    ['secret-pin-last', pin({ wrong: { triesLeft: 1 }, endsAt: inSeconds(9) })],
    ['secret-totp', pin({ factor: 'totp', others: ['pin'], typed: 3, shortest: 6, longest: 6 })],
    ['secret-second', pin({ factor: 'totp', others: [], accepted: ['pin'], shortest: 6, longest: 6 })],
    ['secret-initial', pin({ factor: 'initial', others: [], typed: 4, shortest: 10, longest: 10 })],
    ['elsewhere', elsewhere({})],
    ['elsewhere-sending', elsewhere({ sending: true })],
    ...each(refusal.options, 'refused', (why) => ({ picture: { kind: 'refused', why, supportCode: '7K2-M9Q-4RT' } })),
    ['ready-ways', { picture: { kind: 'ready' }, ways: everyWay }],
    ['not-ready-ways', { picture: { kind: 'not-ready', why: 'no-reader' }, ways: ['substitute', 'emergency'] }],
    ['refused-ways', { picture: { kind: 'refused', why: 'card', supportCode: '7K2-M9Q-4RT' }, ways: everyWay }],
    ['ways', { picture: { kind: 'ways', endsAt: inSeconds(25) }, ways: everyWay }],
    ['code-substitute', code({ typed: 7 })],
    ['code-substitute-wrong', code({ wrong: { supportCode: '7K2-M9Q-4RT' } })],
    ['code-substitute-checking', code({ typed: 12, checking: true })],
    ['code-emergency', code({ what: 'emergency', typed: 13, shortest: 20, longest: 20 })],
    ['code-emergency-wait', code({ what: 'emergency', shortest: 20, longest: 20, waitUntil: inSeconds(58) })],
    ['code-number', code({ what: 'number', typed: 5, shortest: 1, longest: 20, witness: '佐藤 花子' })],
    ['code-number-wrong', code({ what: 'number', shortest: 1, longest: 20, wrong: {} })],
    ['vouch', { picture: { kind: 'vouch', endsAt: inSeconds(25) } }],
    ['vouch-unreadable', { picture: { kind: 'vouch', problem: 'unreadable', endsAt: inSeconds(25) } }],
    ['secret-witness', pin({ asWitness: true })],
    ['reasons', { picture: { kind: 'reasons', ...colleague, reasons: [...emergencyReason.options] } }],
    ['confirm', { picture: { kind: 'confirm', ...colleague, reason, sending: false } }],
    ['confirm-witness', { picture: { kind: 'confirm', ...colleague, reason, witness: '佐藤 花子', sending: true } }],
    ['ceremony-loan-card', step({ task: 'loan-card', step: 'hold-card', person: '' })],
    ['ceremony-loan-card-done', step({ task: 'loan-card', step: 'done', person: '' })],
    ['ceremony-find', step({ task: 'find', step: 'hold-card', person: '' })],
    ['ceremony-find-done', step({ task: 'find', step: 'done', person: '' })],
    ['opening', { picture: { kind: 'opening', greet: '佐藤 花子' } }],
    ['ceremony-card', step({ task: 'card', step: 'hold-card' })],
    ['ceremony-card-done', step({ task: 'card', step: 'done' })],
    ['ceremony-pin-card', step({ task: 'pin', step: 'hold-card' })],
    ['ceremony-choose', step({ task: 'pin', step: 'choose-pin', typed: 4, problem: 'pin-easy' })],
    ['ceremony-repeat', step({ task: 'pin', step: 'repeat-pin', typed: 9 })],
    ['ceremony-sending', step({ task: 'pin', step: 'sending' })],
    ['ceremony-pin-done', step({ task: 'pin', step: 'done' })],
    ...each(ceremonyProblem.options, 'ceremony-problem', (problem) => step({ ...whereMet(problem), problem })),
  ]);
};

/** Every picture of the badge. */
export const badgePictures = (now: number): Readonly<Record<string, ScriptedView>> => {
  const inSeconds = (seconds: number): number => now + seconds * 1000;
  return {
    open: { picture: { ...open, endsAt: inSeconds(7 * 3600) } },
    'open-offline': { picture: { ...open, endsAt: inSeconds(7 * 3600), mayOpenConsole: false }, online: false },
    'open-clock-wrong': { picture: { ...open, endsAt: inSeconds(7 * 3600) }, clockWrong: true },
    'open-idle': { picture: { ...open, endsAt: inSeconds(7 * 3600), locksAt: inSeconds(18) } },
  };
};
