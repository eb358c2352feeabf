import { z } from 'zod';
import { attemptId, cardId, lockId, personId, terminalId } from '#contract/ids.ts';
import { askedFactor } from '#contract/screen.ts';
import type { Secrets } from '../secrets.ts';
import type { EventToRecord } from '../store/events.ts';

/**
 * What the server knows of an emergency in which nothing is open yet: a sealed code was right, or a colleague has proved
 * who they are. Like the ticket of an attempt it travels with the terminal. Times in epoch milliseconds.
 */
const emergencyTicket = z.strictObject({
  attempt: attemptId,
  terminal: terminalId,
  lock: lockId,
  supportCode: z.string(),
  address: z.string(),
  startedAt: z.int(),
  expiresAt: z.int(),
  means: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('code'), code: z.uuid(), serial: z.string() }),
    /** `card` and `shown`: what they proved themself with; none in a ticket of a server that did not write it yet. */
    z.strictObject({
      kind: z.literal('witness'),
      witness: personId,
      card: cardId.nullable().default(null),
      shown: z.array(askedFactor).default([]),
    }),
  ]),
  /** For whom the terminal is to be opened, once they were named. */
  person: personId.nullable(),
});
export type EmergencyTicket = z.infer<typeof emergencyTicket>;

/** What every event of an emergency says. */
export const about = ({ terminal, attempt, supportCode, person, means }: EmergencyTicket) =>
  ({
    terminal,
    attempt,
    supportCode,
    person,
    actor: means.kind === 'witness' ? means.witness : null,
    factors: [means.kind === 'code' ? 'emergency-code' : 'witness'],
    detail: means.kind === 'code' ? { slip: means.serial } : {},
  }) satisfies Partial<EventToRecord>;

const mark = 'emergency';

export const writeEmergencyTicket = (secrets: Pick<Secrets, 'vouch'>, facts: EmergencyTicket): string => {
  const text = Buffer.from(JSON.stringify(facts)).toString('base64url');
  return `${text}~${secrets.vouch(text, mark)}`;
};

/** Undefined for whatever this server did not write itself. */
export const tryReadEmergencyTicket = (
  secrets: Pick<Secrets, 'isVouched'>,
  written: string,
): EmergencyTicket | undefined => {
  const [text = '', given = ''] = written.split('~');
  if (!secrets.isVouched(text, mark, given)) return undefined;
  return emergencyTicket.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
};

/** How long somebody has to say for whom and why. */
const emergencyMilliseconds = 3 * 60_000;

export const emergencyEnds = (now: Date): number => now.getTime() + emergencyMilliseconds;
