import type { Transaction } from './database.ts';
import { isMark } from './event-stretches.ts';
import { settledSeq } from './log-lines.ts';

/** What counts as a use of an account or a card. */
const kinds = `('session.began', 'offline.opened', 'console.signed-in')`;

/** The last use of each person and card by lines of the log above `$1`, up to `$2`. */
const lately = (from: string, to: string): string => `
  select what, id, max(at) as at, (array_agg(terminal order by at desc))[1] as terminal
    from (select 'person' as what, person as id, coalesce(happened_at, at) as at, terminal from event
           where kind in ${kinds} and ${isMark} and person is not null and seq > ${from} and seq <= ${to}
          union all
          select 'card', card, coalesce(happened_at, at), terminal from event
           where kind in ${kinds} and ${isMark} and card is not null and seq > ${from} and seq <= ${to}) used
   group by what, id`;

/** The last use of everybody, to join with. */
export const lastUse = `
  select what, id, max(at) as at, (array_agg(terminal order by at desc))[1] as terminal
    from (select what, id, at, terminal from account_use
          union all
          select * from (${lately('(select seq from account_use_until)', '9223372036854775807')}) late) all_of_it
   group by what, id`;

/** Lines of the log of one step. */
const atOnce = 200_000;

/** Takes down what the log says of uses, some lines further. True when there is more. */
export const foldUses = async (tx: Transaction): Promise<boolean> => {
  const settled = await settledSeq(tx);
  const [until] = await tx.query<{ seq: number }>('select seq from account_use_until for update');
  const from = until?.seq ?? 0;
  const to = Math.min(settled, from + atOnce);
  if (to <= from) return false;
  await tx.query(
    `insert into account_use (what, id, at, terminal) ${lately('$1', '$2')}
       on conflict (what, id) do update set at = excluded.at, terminal = excluded.terminal
       where excluded.at > account_use.at`,
    [from, to],
  );
  await tx.query('update account_use_until set seq = $1', [to]);
  return to < settled;
};
