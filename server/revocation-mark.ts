import type { RevocationOrder } from '#contract/api/terminals.ts';
import type { Secrets } from './secrets.ts';

const about = 'revocation';
const textOf = ({ number, what, subject, person, at }: RevocationOrder): string =>
  JSON.stringify([number, what, subject, person ?? null, at]);

/** With the mark by which a server that has lost the revocation knows it again, when a terminal brings it back. */
export const markOrder = (secrets: Pick<Secrets, 'vouch'>, order: RevocationOrder): RevocationOrder => ({
  ...order,
  mark: secrets.vouch(textOf(order), about),
});

/** Whether a server with these keys once gave this order, as it stands. */
export const isOwnOrder = (secrets: Pick<Secrets, 'isVouched'>, order: RevocationOrder): boolean =>
  order.mark !== undefined && secrets.isVouched(textOf(order), about, order.mark);
