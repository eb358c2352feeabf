import { z } from 'zod';
import { assurance } from '#contract/card.ts';
import { substituteKind } from '#contract/cardless.ts';
import { attemptId, cardId, lockId, personId, sessionId, substituteId, terminalId } from '#contract/ids.ts';
import { askedFactor } from '#contract/screen.ts';
import type { Secrets } from '../secrets.ts';

/**
 * What the server knows of an attempt when a card is tapped. It travels with the terminal, under the server's own mark:
 * a tap writes nothing that a proof would have to wait for, and any server process can take the proof.
 * Times in epoch milliseconds.
 */
const ticket = z.strictObject({
  attempt: attemptId,
  terminal: terminalId,
  lock: lockId,
  /** Null where a substitute code stands for it. */
  card: cardId.nullable(),
  person: personId,
  supportCode: z.string(),
  assurance,
  address: z.string(),
  startedAt: z.int(),
  expiresAt: z.int(),
  factors: z.array(askedFactor),
  all: z.boolean(),
  /** What stands for the person's own card, and until when. */
  substitute: z
    .strictObject({ id: substituteId, kind: substituteKind, fewerRights: z.boolean(), endsAt: z.int() })
    .nullable(),
  /** The card was left at home: with the right factors it is active again, and what stood for it ends. */
  returning: z.boolean(),
  /** `witness`: the person vouches for a colleague, and nothing opens for themself. */
  purpose: z.enum(['login', 'witness']),
  /** Where and until when the card alone opens: after this session, whose two factors were shown at `from`. */
  grace: z.strictObject({ after: sessionId, from: z.int(), until: z.int() }).nullable(),
  /** What the card proved itself with: the nonce (base64url) and when it ends, how long the card took to sign, and whether that is slow. */
  proof: z
    .strictObject({ nonce: z.string(), until: z.int(), milliseconds: z.int(), slow: z.boolean() })
    .nullable()
    .default(null),
});
export type Ticket = z.output<typeof ticket>;

const about = 'attempt';

export const writeTicket = (secrets: Pick<Secrets, 'vouch'>, facts: Ticket): string => {
  const text = Buffer.from(JSON.stringify(facts)).toString('base64url');
  return `${text}~${secrets.vouch(text, about)}`;
};

/** Undefined for whatever this server did not write itself. */
export const tryReadTicket = (secrets: Pick<Secrets, 'isVouched'>, given: string): Ticket | undefined => {
  const [text = '', mark = ''] = given.split('~');
  if (!secrets.isVouched(text, about, mark)) return undefined;
  return ticket.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
};
