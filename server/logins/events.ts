import type { Factor } from '#contract/audit.ts';
import type { AskedFactor } from '#contract/screen.ts';
import { type EventRow, type EventToRecord, toEventRow } from '../store/event-rows.ts';
import type { Ticket } from './ticket.ts';

/** How the log names what was presented beside the card. */
export const presented = (factor: AskedFactor | 'grace'): Factor => (factor === 'initial' ? 'initial-secret' : factor);

/** How the log names what an attempt began with. */
export const beganWith = ({ substitute }: Pick<Ticket, 'substitute'>): Factor => {
  if (substitute === null) return 'card';
  return substitute.kind === 'code' ? 'substitute-code' : 'loan-card';
};

/** What every event of an attempt says. */
export const about = (ticket: Ticket, factors: readonly (AskedFactor | 'grace')[]) =>
  ({
    terminal: ticket.terminal,
    person: ticket.person,
    card: ticket.card,
    attempt: ticket.attempt,
    supportCode: ticket.supportCode,
    factors: [beganWith(ticket), ...factors.map(presented)],
  }) satisfies Partial<EventToRecord>;

/** The event of a tap that was let in, at the time of the tap, whenever it is written. */
export const begunEvent = (ticket: Ticket): EventRow =>
  toEventRow(new Date(ticket.startedAt), {
    kind: 'attempt.begun',
    outcome: 'success',
    terminal: ticket.terminal,
    person: ticket.person,
    card: ticket.card,
    attempt: ticket.attempt,
    supportCode: ticket.supportCode,
    factors: [beganWith(ticket)],
    detail: {
      assurance: ticket.assurance,
      ...(ticket.purpose === 'witness' ? { purpose: 'witness' } : {}),
      ...(ticket.proof === null ? {} : { proofMilliseconds: ticket.proof.milliseconds }),
      ...(ticket.proof?.slow ? { slow: true } : {}),
    },
  });
