import type { Answer } from '#contract/api/index.ts';
import type { ServerDeps } from '../deps.ts';
import { endAttempt } from '../store/attempts.ts';
import { listReplayed, writeBegun } from '../store/begun.ts';
import { tryLockCard } from '../store/cards.ts';
import { cancelCeremoniesAt, insertCeremony, moveCeremony } from '../store/ceremonies.ts';
import { dropInitialSecret, holdFactor } from '../store/credentials.ts';
import { recordAll } from '../store/events.ts';
import { tryAccept } from '../store/parts.ts';
import { tryLockPerson } from '../store/people.ts';
import { keepAnswer } from '../store/proof-answers.ts';
import { about } from './events.ts';
import type { ProofKey } from './proof-key.ts';
import type { Ticket } from './ticket.ts';

/** How long the keypad waits for the new PIN. */
const choosingMilliseconds = 3 * 60_000;

type ChoosePin = Extract<Answer<'attempts/prove'>, { kind: 'choose-pin' }>;

/** A single-use secret was right: it is used up, opens nothing, and the person chooses a PIN at this keypad. */
export const createFirstPin =
  ({ database, now: clock }: Pick<ServerDeps, 'database' | 'now'>) =>
  (
    ticket: Ticket,
    accepted: { readonly id: string; readonly setAt: number },
    key: ProofKey | null,
  ): Promise<ChoosePin | 'card' | 'replayed' | 'nonce'> =>
    database.transaction(async (tx) => {
      const now = clock();
      const { terminal, card, attempt } = ticket;
      if (card === null) return 'card';
      // The card before its person, as by who revokes it.
      const held = await tryLockCard(tx, card);
      const person = await tryLockPerson(tx, ticket.person);
      if (person?.state !== 'active' || held?.state !== 'active') return 'card';
      await holdFactor(tx, accepted.id);
      await writeBegun(tx, [ticket]);
      if ((await listReplayed(tx, [ticket])).length > 0) return 'nonce';
      if (!(await tryAccept(tx, { ...accepted, step: null }))) return 'replayed';
      if (!(await dropInitialSecret(tx, person.id))) return 'replayed';
      const facts = about(ticket, ['initial']);
      await endAttempt(tx, now, attempt, 'accepted', facts.factors);
      await cancelCeremoniesAt(tx, now, terminal);
      const expiresAt = new Date(now.getTime() + choosingMilliseconds);
      const ceremony = await insertCeremony(tx, now, {
        task: 'pin',
        person: person.id,
        terminal,
        askedBy: person.id,
        label: '',
        expiresAt,
      });
      await moveCeremony(tx, now, ceremony, { state: 'card-held', card });
      if (key !== null) {
        const answer = { kind: 'choose-pin', ceremony, expiresAt: expiresAt.toISOString() } as const;
        await keepAnswer(tx, attempt, key.mark, answer);
      }
      await recordAll(tx, now, [
        { ...facts, kind: 'proof.accepted', outcome: 'success' },
        { ...facts, kind: 'ceremony.begun', outcome: 'success', ceremony, reason: 'initial-secret' },
      ]);
      const order = {
        ceremony,
        task: 'pin' as const,
        personName: person.name,
        byName: '',
        expiresAt: expiresAt.toISOString(),
      };
      return { kind: 'choose-pin', order };
    });
