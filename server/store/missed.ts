import type { CeremonyOrder, Pushed } from '#contract/api/terminals.ts';
import type { SessionId, TerminalId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';

/** A terminal, and since when something pushed to it may not have reached it. */
export interface Absence {
  readonly terminal: TerminalId;
  readonly since: Date;
}

interface OrderRow extends Omit<CeremonyOrder, 'expiresAt'> {
  readonly terminal: TerminalId;
  readonly state: 'waiting' | 'over';
  readonly expiresAt: Date;
}

const given = 'unnest($1::uuid[], $2::timestamptz[]) as absent (terminal, since)';

/**
 * What was pushed to these terminals alone since then, by what has become of it: their newest session if it has ended,
 * and enrolment steps that wait or are over. To hear one of them twice changes nothing.
 */
export const listMissed = async (
  tx: Transaction,
  now: Date,
  absences: readonly Absence[],
): Promise<{ readonly terminal: TerminalId; readonly pushed: Pushed }[]> => {
  const values = [absences.map(({ terminal }) => terminal), absences.map(({ since }) => since)];
  const sessions = await tx.query<{ terminal: TerminalId; id: SessionId; reason: string }>(
    `select absent.terminal, last.id, last.end_reason as reason from ${given}
     join lateral (
       select id, ended_at, end_reason from session where session.terminal = absent.terminal
       order by started_at desc limit 1
     ) as last on last.ended_at >= absent.since`,
    values,
    'missed-sessions',
  );
  const orders = await tx.query<OrderRow>(
    `select c.terminal, c.id as ceremony, c.task, person.name as "personName", asker.name as "byName",
            c.expires_at as "expiresAt", case when c.state = 'waiting' then 'waiting' else 'over' end as state
     from ${given}
     join ceremony c on c.terminal = absent.terminal       and c.created_at >= absent.since - interval '1 hour'
     join person on person.id = c.person join person asker on asker.id = c.asked_by
     where c.state = 'waiting' and c.expires_at > $3 or c.state in ('cancelled', 'expired') and c.ended_at >= absent.since
     order by c.created_at`,
    [...values, now],
    'missed-orders',
  );
  return [
    ...sessions.map(({ terminal, id: session, reason }) => ({
      terminal,
      pushed: { kind: 'session-ended', session, reason } as const,
    })),
    ...orders.map(({ terminal, state, expiresAt, ...order }) => ({
      terminal,
      pushed:
        state === 'waiting'
          ? ({ kind: 'ceremony', order: { ...order, expiresAt: expiresAt.toISOString() } } as const)
          : ({ kind: 'ceremony-cancelled', ceremony: order.ceremony } as const),
    })),
  ];
};
