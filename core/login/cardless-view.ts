import { emergencyReason } from '#contract/cardless.ts';
import type { Picture } from '#contract/screen.ts';
import { type CardlessPhase, type Coding, codeDigits, type Emergency, longestNumber } from './cardless-state.ts';
import type { Moment } from './state.ts';

/** What the screen shows to somebody without a card of their own. A name stands there only once a secret was right. */
export const cardlessPictureOf = (phase: CardlessPhase, now: Moment): Picture => {
  switch (phase.kind) {
    case 'ways':
      return { kind: 'ways', endsAt: phase.until };
    case 'coding':
      return codeOf(phase, now);
    case 'vouching':
      return { kind: 'vouch', ...(phase.problem ? { problem: phase.problem } : {}), endsAt: phase.until };
    case 'emergency':
      return emergencyOf(phase);
  }
};

const codeOf = (phase: Coding, now: Moment): Picture => ({
  kind: 'code',
  what: phase.way,
  typed: phase.typed,
  shortest: codeDigits[phase.way],
  longest: codeDigits[phase.way],
  checking: phase.request !== null,
  ...(phase.wrong ? { wrong: phase.wrong.supportCode === null ? {} : { supportCode: phase.wrong.supportCode } } : {}),
  ...(phase.waitUntil !== null && phase.waitUntil > now ? { waitUntil: phase.waitUntil } : {}),
  endsAt: phase.until,
});

const emergencyOf = (phase: Emergency): Picture => {
  const { step, colleague, reason, endsAt } = phase;
  const witness = phase.witness === null ? {} : { witness: phase.witness };
  if (colleague === null) {
    const [shortest, longest] = [1, longestNumber];
    const wrong = phase.wrong ? { wrong: {} } : {};
    const checking = step === 'looking';
    return {
      kind: 'code',
      what: 'number',
      typed: phase.typed,
      shortest,
      longest,
      checking,
      ...wrong,
      ...witness,
      endsAt,
    };
  }
  const { name: greet, number } = colleague;
  if (reason !== null)
    return { kind: 'confirm', greet, number, reason, ...witness, sending: step === 'sending', endsAt };
  return { kind: 'reasons', greet, number, reasons: [...emergencyReason.options], endsAt };
};
