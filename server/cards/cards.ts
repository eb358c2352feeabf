import type { Logger } from 'pino';
import type { CardEvidence, GivenNonce } from '#contract/card.ts';
import type { TerminalId } from '#contract/ids.ts';
import type { Policies } from '../policies.ts';
import type { Secrets } from '../secrets.ts';
import type { Database } from '../store/database.ts';
import { type Authorities, createAuthorities } from './authorities.ts';
import { createNonces } from './nonces.ts';
import { createJudge, type JudgedProof } from './proof.ts';

/** Cards that answer a challenge. */
export interface Cards {
  /** For the terminal's next card; null while no card authority is on the list and no card is asked for a proof. */
  giveNonce(terminal: TerminalId): GivenNonce | null;
  judge(card: CardEvidence, terminal: TerminalId): JudgedProof;
  readonly authorities: Authorities;
}

export const createCards = async (deps: {
  readonly database: Database;
  readonly secrets: Secrets;
  readonly policies: Policies;
  readonly now: () => Date;
  readonly log: Logger;
}): Promise<Cards> => {
  const nonces = createNonces(deps);
  const authorities = await createAuthorities({
    database: deps.database,
    report: (problem) => deps.log.warn({ err: problem }, 'the list of card authorities could not be read anew'),
  });
  return {
    giveNonce: (terminal) => (authorities.isAny() ? nonces.give(terminal) : null),
    judge: createJudge({ authorities, nonces, policy: () => deps.policies.active().cards, now: deps.now }),
    authorities,
  };
};

/** The card with this UID as far as its number alone goes. */
export const byNumber = (identifier: string): CardEvidence => ({
  technology: 'iso14443a',
  identifier,
  assurance: 'identifier',
});
