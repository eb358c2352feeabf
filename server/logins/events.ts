import type { Factor } from '#contract/audit.ts';
import type { AskedFactor } from '#contract/screen.ts';
import type { EventToRecord } from '../store/event-rows.ts';
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
