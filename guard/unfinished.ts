import type { JournalRecord } from '#contract/audit.ts';
import type { PersonId, SessionId } from '#contract/ids.ts';

/** The session whose desktop was open when the journal ended, or `null`. */
export function unfinishedSession(
  records: readonly JournalRecord[],
): { session: SessionId; person: PersonId | null } | null {
  const last = records.findLast(({ facts }) => facts.kind === 'screen.opened' || facts.kind === 'screen.locked');
  if (last?.facts.kind !== 'screen.opened' || !last.facts.session) return null;
  return { session: last.facts.session, person: last.facts.person ?? null };
}
