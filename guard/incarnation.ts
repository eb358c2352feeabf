import type { Position } from './position.ts';

/**
 * Follows the server from one restore to the next. A restored one may lack what the one before had confirmed: then all of
 * the journal that is still here counts as not sent. Resolves to true when it is to be read and sent again.
 */
export const followIncarnation = async (position: Position, incarnation: string): Promise<boolean> => {
  const before = position.get().incarnation;
  if (before === incarnation) return false;
  position.change({ incarnation, ...(before === null ? {} : { uploaded: {} }) });
  await position.settled();
  return before !== null;
};
