import type { Answer, RowFailure } from '#contract/api/index.ts';
import type { Failure } from '#contract/errors.ts';
import type { AttemptId, CeremonyId, SessionId } from '#contract/ids.ts';
import type { AttemptState } from './attempts.ts';
import type { Transaction } from './database.ts';
import { milliseconds } from './taps.ts';

/** What a proof can be refused with. */
export type ProofFailure = RowFailure<'attempts/prove'>;

/** What is kept of the answer to a proof, so that the same proof gets it again. A session speaks for itself. */
export type ProofAnswer =
  | { readonly kind: 'refused'; readonly failure: Failure<ProofFailure> }
  /** The factor was accepted; what comes next is decided anew. */
  | { readonly kind: 'part' }
  | { readonly kind: 'choose-pin'; readonly ceremony: CeremonyId; readonly expiresAt: string }
  | Extract<Answer<'attempts/prove'>, { kind: 'witnessed' }>;

/** What became of a proof that came before. Times in epoch milliseconds. */
export interface ProofOutcome {
  readonly state: AttemptState;
  readonly endedAt: number | null;
  readonly answer: ProofAnswer | null;
  readonly session: {
    readonly id: SessionId;
    readonly ended: boolean;
    readonly endsAt: number;
    /** Hexadecimal. */
    readonly tokenHash: string | null;
  } | null;
}

/** SQL: the outcome of the proof with this mark at this attempt; null when it has none. */
export const outcomeOf = (attempt: string, mark: string): string => `(
  select json_build_object('state', a.state, 'endedAt', ${milliseconds('a.ended_at')}, 'answer', a.proof_answer,
      'session', (select json_build_object('id', s.id, 'ended', s.ended_at is not null, 'endsAt', ${milliseconds('s.ends_at')},
        'tokenHash', encode(s.token_hash, 'hex')) from session s where s.attempt = a.id))
    from attempt a where a.id = ${attempt} and a.proof_mark = ${mark})`;

export const tryFindOutcome = async (
  tx: Transaction,
  attempt: AttemptId,
  mark: Buffer,
): Promise<ProofOutcome | undefined> => {
  const [row] = await tx.query<{ outcome: ProofOutcome | null }>(`select ${outcomeOf('$1', '$2')} as outcome`, [
    attempt,
    mark,
  ]);
  return row?.outcome ?? undefined;
};

/** Keeps an answer that is decided on already. */
export const keepAnswer = async (
  tx: Transaction,
  attempt: AttemptId,
  mark: Buffer,
  answer: ProofAnswer,
): Promise<void> => {
  await tx.query('update attempt set proof_mark = $2, proof_answer = $3 where id = $1', [
    attempt,
    mark,
    JSON.stringify(answer),
  ]);
};

/**
 * Keeps what a proof is refused with. False when the same proof has its answer: then nothing is to be written. `overPart`:
 * that the factor was accepted is no answer yet, for the refusal concerns what came after it.
 */
export const tryKeepRefusal = async (
  tx: Transaction,
  attempt: AttemptId,
  mark: Buffer,
  failure: Failure<ProofFailure>,
  overPart: boolean,
): Promise<boolean> => {
  const answer: ProofAnswer = { kind: 'refused', failure };
  const kept = await tx.query(
    `update attempt set proof_mark = $2, proof_answer = $3 where id = $1 and state = 'open'
        and (proof_mark is distinct from $2 or ($4 and proof_answer ->> 'kind' = 'part'))
     returning id`,
    [attempt, mark, JSON.stringify(answer), overPart],
    'keep-refusal',
  );
  return kept.length === 1 || !(await hasAnswer(tx, attempt, mark));
};

/** The attempt is held until the transaction ends. */
export const hasAnswer = async (tx: Transaction, attempt: AttemptId, mark: Buffer): Promise<boolean> => {
  const rows = await tx.query<{ same: boolean }>(
    'select proof_mark is not distinct from $2 as same from attempt where id = $1 for update',
    [attempt, mark],
    'has-answer',
  );
  return rows[0]?.same === true;
};

/** A counted try has its answer: should that be lost to another proof's, the same proof is one more try. */
export const settleCount = async (tx: Transaction, credential: string, mark: Buffer): Promise<void> => {
  await tx.query(
    'update credential set counted_mark = null where id = $1 and counted_mark = $2',
    [credential, mark],
    'settle-count',
  );
};
