import type { RevocationOrder } from '#contract/api/terminals.ts';
import type { Secrets } from './secrets.ts';

/** The mark tells whether the order was for now: a terminal of an earlier version does not. */
const aboutOf = ({ forNow }: Pick<RevocationOrder, 'forNow'>): string => (forNow ? 'revocation for now' : 'revocation');
const textOf = ({ number, what, subject, person, at }: RevocationOrder): string =>
  JSON.stringify([number, what, subject, person ?? null, at]);

/** With the mark by which a server that has lost the revocation knows it again, when a terminal brings it back. */
export const markOrder = (secrets: Pick<Secrets, 'vouch'>, order: RevocationOrder): RevocationOrder => ({
  ...order,
  mark: secrets.vouch(textOf(order), aboutOf(order)),
});

/** The order as a server with these keys once gave it; undefined where none did. */
export const tryReadOwn = (
  secrets: Pick<Secrets, 'isVouched'>,
  { forNow: _, ...order }: RevocationOrder,
): RevocationOrder | undefined => {
  const { mark } = order;
  if (mark === undefined) return undefined;
  const all: readonly RevocationOrder[] = [order, { ...order, forNow: true }];
  return all.find((one) => secrets.isVouched(textOf(one), aboutOf(one), mark));
};
