import type { Policy } from '#contract/policy.ts';
import { judgeSubstitute } from '#core/policy/substitutes.ts';
import type { SubstituteRow } from '../store/taps.ts';
import { type Judged, no } from './judge.ts';
import type { Ticket } from './ticket.ts';

/** Whether a loan card or code stands for somebody's card at this moment. */
export const judgeStanding = (
  { substitutes }: Policy,
  row: SubstituteRow,
  now: number,
): { readonly ok: true; readonly substitute: NonNullable<Ticket['substitute']> } | Extract<Judged, { ok: false }> => {
  if (row.endReason !== null) return no(`substitute-${row.endReason}`);
  if (!substitutes.kinds.includes(row.kind)) return no('substitute-off');
  const verdict = judgeSubstitute(row, now);
  if (verdict !== 'in-force') return no(`substitute-${verdict}`);
  const { id, kind, fewerRights, endsAt } = row;
  return { ok: true, substitute: { id, kind, fewerRights, endsAt } };
};
