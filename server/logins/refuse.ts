import { type Failure, fail } from '#contract/errors.ts';
import { triesLeft } from '#core/policy/tries.ts';
import type { ServerDeps } from '../deps.ts';
import { endSubstitutes } from '../people/end-substitutes.ts';
import { endAttempt } from '../store/attempts.ts';
import { writeBegun } from '../store/begun.ts';
import { disableCard, tryLockCard } from '../store/cards.ts';
import { disable, holdFactor, listUsableFactors } from '../store/credentials.ts';
import type { Transaction } from '../store/database.ts';
import { type EventToRecord, record, recordAll } from '../store/events.ts';
import { type ProofFailure, settleCount, tryKeepRefusal } from '../store/proof-answers.ts';
import { holdSubstitute } from '../store/substitutes.ts';
import { about } from './events.ts';
import type { Shown } from './proof-key.ts';
import type { Reserved, ReservedTry } from './reserve.ts';
import type { Ticket } from './ticket.ts';

type Refused = { readonly ok: false; readonly failure: Failure<ProofFailure> };

/**
 * Writes what came of a proof that opened nothing, and says as much of it as the person may know. `answered`: the same
 * proof came before and has its answer, so nothing is written.
 */
export const createRefuse = (deps: ServerDeps) => {
  const { database, log } = deps;
  const inLog = (
    { ticket, key }: Shown,
    refused: Refused,
    work: (tx: Transaction, now: Date) => Promise<void>,
    { overPart = false, hold }: { overPart?: boolean; hold?: (tx: Transaction) => Promise<void> } = {},
  ): Promise<Refused | 'answered'> =>
    database.transaction(async (tx) => {
      await hold?.(tx);
      await writeBegun(tx, [ticket]);
      if (key !== null && !(await tryKeepRefusal(tx, ticket.attempt, key.mark, refused.failure, overPart)))
        return 'answered';
      await work(tx, deps.now());
      return refused;
    });

  return {
    /** It was not counted: nothing was looked at. */
    unreserved: async (shown: Shown, reserved: Exclude<Reserved, { kind: 'reserved' | 'answered' }>) => {
      const { ticket, factor } = shown;
      const { supportCode } = ticket;
      const facts = about(ticket, [factor]);
      switch (reserved.kind) {
        case 'ended':
          return inLog(shown, fail('ATTEMPT_ENDED'), async (tx, now) => {
            const reason = `attempt-${reserved.state}`;
            await record(tx, now, { ...facts, kind: 'proof.replayed', outcome: 'serious', reason });
          });
        case 'card':
        case 'person':
          return inLog(shown, fail('CARD_REFUSED', { supportCode }), async (tx, now) => {
            const reason = await whyBarred(tx, ticket);
            await endAttempt(tx, now, ticket.attempt, 'refused');
            await record(tx, now, { ...facts, kind: 'attempt.refused', outcome: 'minor', reason });
          });
        case 'absent':
          return inLog(shown, fail('PROOF_WRONG', { supportCode }), async (tx, now) => {
            await record(tx, now, { ...facts, kind: 'proof.refused', outcome: 'minor', reason: 'no-such-factor' });
          });
        case 'locked':
          return inLog(shown, fail('PROOF_LOCKED', { supportCode }), async (tx, now) => {
            await record(tx, now, { ...facts, kind: 'proof.refused', outcome: 'serious', reason: 'locked' });
          });
      }
    },

    /** Too late, or overtaken by another card at the terminal. */
    ended: async (shown: Shown, reason: 'too-late' | 'attempt-abandoned') => {
      const { ticket, factor } = shown;
      const work = async (tx: Transaction, now: Date): Promise<void> => {
        if (await endAttempt(tx, now, ticket.attempt, 'abandoned')) {
          const why = reason === 'too-late' ? 'too-slow' : 'other-card';
          await record(tx, now, { ...about(ticket, []), kind: 'attempt.abandoned', outcome: 'minor', reason: why });
        }
        await record(tx, now, { ...about(ticket, [factor]), kind: 'proof.replayed', outcome: 'serious', reason });
      };
      return inLog(shown, fail('ATTEMPT_ENDED'), work, { overPart: true });
    },

    /** It was counted and looked at. At a limit the factor locks; at the hard one factor and card are disabled. */
    wrong: async (
      shown: Shown,
      { factor: known, failures, allFailures }: ReservedTry,
      verdict: 'wrong' | 'damaged' | 'replayed',
    ) => {
      const { ticket, factor, key } = shown;
      const { tries: rules } = deps.policy();
      const { supportCode } = ticket;
      const facts = about(ticket, [factor]);
      const replayed = verdict === 'replayed' && factor === 'totp';
      if (verdict === 'damaged') log.error({ credential: known.id, factor }, 'a stored credential is damaged');
      const disabled = allFailures >= rules.hard;
      const left = disabled ? 0 : triesLeft(failures, rules);
      const events: EventToRecord[] = [
        {
          ...facts,
          kind: replayed ? 'proof.replayed' : 'proof.refused',
          outcome: verdict === 'damaged' ? 'major' : replayed ? 'serious' : 'minor',
          reason: verdict === 'damaged' ? 'credential-damaged' : replayed ? 'code-used' : 'wrong',
          // A terminal that waited too long has looked at the same PIN itself.
          detail: { failures, ...(key === null || factor !== 'pin' ? {} : { proof: key.name }) },
        },
      ];
      if (left === 0) {
        const reason = disabled ? 'disabled' : 'locked';
        events.push({ ...facts, kind: 'credential.locked', outcome: 'serious', reason, detail: { failures } });
      }
      const refused =
        left > 0 ? fail('PROOF_WRONG', { supportCode, triesLeft: left }) : fail('PROOF_LOCKED', { supportCode });
      // In the order of a conclusion: a right proof of the same attempt may be under way.
      const hold = async (tx: Transaction): Promise<void> => {
        if (disabled) await holdWhatWasHeld(tx, ticket);
        await holdFactor(tx, known.id);
      };
      const work = async (tx: Transaction, now: Date): Promise<void> => {
        await recordAll(tx, now, events);
        if (key !== null) await settleCount(tx, known.id, key.mark);
        if (left > 0) return;
        if (disabled) {
          await disable(tx, known.id);
          await disableWhatWasHeld(tx, now, ticket);
        }
        await tx.notify('changed', { what: 'people' });
        // The attempt goes on while another factor may still be tried.
        const usable = disabled ? [] : await listUsableFactors(tx, ticket.person, rules, now);
        if (usable.length === 0) await endAttempt(tx, now, ticket.attempt, 'refused');
      };
      return inLog(shown, refused, work, { hold });
    },

    /** Every factor was right, but the card, its person or the terminal is not to open anything any more. */
    barred: async (shown: Shown) => {
      const { ticket, factor } = shown;
      const work = async (tx: Transaction, now: Date): Promise<void> => {
        const reason = await whyBarred(tx, ticket);
        await endAttempt(tx, now, ticket.attempt, 'refused');
        await record(tx, now, { ...about(ticket, [factor]), kind: 'attempt.refused', outcome: 'minor', reason });
      };
      return inLog(shown, fail('CARD_REFUSED', { supportCode: ticket.supportCode }), work, { overPart: true });
    },

    /** A proof for an attempt that ended while it was checked, or whose card's answer was used before: somebody used it twice. */
    twice: async (shown: Shown, reason: 'attempt-ended' | 'nonce-used' = 'attempt-ended') => {
      const { ticket, factor } = shown;
      const work = async (tx: Transaction, now: Date): Promise<void> => {
        if (reason === 'nonce-used') await endAttempt(tx, now, ticket.attempt, 'refused');
        await record(tx, now, { ...about(ticket, [factor]), kind: 'proof.replayed', outcome: 'serious', reason });
      };
      return inLog(shown, fail('ATTEMPT_ENDED'), work, { overPart: true });
    },
  };
};

const holdWhatWasHeld = async (tx: Transaction, { card, substitute }: Ticket): Promise<void> => {
  if (substitute !== null) await holdSubstitute(tx, substitute.id);
  else if (card !== null) await tryLockCard(tx, card);
};

/** Too many wrong tries: the card is out of use; what stands for one ends, and a loan card goes back to the stock. */
const disableWhatWasHeld = async (tx: Transaction, now: Date, { card, substitute }: Ticket): Promise<void> => {
  if (substitute === null) return card === null ? undefined : disableCard(tx, card);
  await endSubstitutes(tx, now, { id: substitute.id }, { reason: 'guessed-at', by: null });
};

const whyBarred = async (tx: Transaction, { card, person, substitute }: Ticket): Promise<string> => {
  const [row] = await tx.query<{ card: string | null; person: string; ended: string | null; spent: boolean | null }>(
    `select (select state from card where id = $1) as card, (select state from person where id = $2) as person,
            u.end_reason as ended, u.uses >= u.most_uses as spent
       from (select 1) one left join substitute u on u.id = $3`,
    [card, person, substitute?.id ?? null],
  );
  if (row?.person !== 'active') return 'person-suspended';
  if (row.ended !== null) return `substitute-${row.ended}`;
  if (substitute !== null) return row.spent ? 'substitute-uses' : 'substitute-time';
  return row.card === 'active' ? 'terminal-revoked' : `card-${row.card}`;
};
