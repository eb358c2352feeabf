import type { Grant, GrantFacts } from '#contract/api/logins.ts';
import type { Secrets } from '../secrets.ts';

const grantMilliseconds = 30_000;

/** What uncovers the terminal's screen: for this lock alone, and soon. */
export const makeGrant = (
  secrets: Pick<Secrets, 'signGrant'>,
  now: Date,
  facts: Omit<GrantFacts, 'issuedAt' | 'expiresAt'>,
): Grant =>
  secrets.signGrant({
    ...facts,
    issuedAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + grantMilliseconds).toISOString(),
  });
