import type { Input } from '#contract/api/index.ts';
import type { PersonSummary } from '#contract/api/people.ts';
import type { Pushed } from '#contract/api/terminals.ts';
import { fail, type Result, succeed } from '#contract/errors.ts';
import type { CardId, PersonId } from '#contract/ids.ts';
import type { Policy } from '#contract/policy.ts';
import { mayChangeFactorsOf } from '#core/policy/rights.ts';
import { substituteTerms } from '#core/policy/substitutes.ts';
import type { ServerDeps } from '../deps.ts';
import { makeCode, writeCode } from '../logins/codes.ts';
import { authorOf } from '../people/author.ts';
import { endSubstitutes } from '../people/end-substitutes.ts';
import { endSessionsOfPerson } from '../people/suspend.ts';
import { listUnrevoked, lockCardsOf, revokeCard, suspendForgotten } from '../store/cards.ts';
import { type Transaction, violates } from '../store/database.ts';
import { record } from '../store/events.ts';
import { countLoanCards, listLoanCards, tryLockLoanCard } from '../store/loan-cards.ts';
import { touchPerson, tryLockPerson } from '../store/people.ts';
import { issueRevocation } from '../store/revocations.ts';
import { insertSubstitute, listSubstitutes, tryFindHolder } from '../store/substitutes.ts';
import type { ConsoleSender, Handlers } from './handlers.ts';
import { refuseCursor } from './listed.ts';
import { by, refuseRole, refuseSelf } from './refusing.ts';

type Body = Input<'substitutes/issue'>['body'];

/**
 * Takes the person's own cards out of use: a lost one is revoked for good, a forgotten one is suspended until it is used
 * again. Who is still logged in by it is locked out.
 */
const putAway = async (
  tx: Transaction,
  now: Date,
  sender: ConsoleSender,
  { id: person }: PersonSummary,
  cause: Body['cause'],
): Promise<void> => {
  const facts = { ...by(sender, person), outcome: 'success', reason: cause } as const;
  if (cause === 'forgotten') {
    for (const card of await suspendForgotten(tx, person))
      await record(tx, now, { ...facts, kind: 'card.suspended', card });
  } else {
    for (const card of await listUnrevoked(tx, person)) {
      await revokeCard(tx, now, card, { by: sender.person, reason: cause });
      await record(tx, now, { ...facts, kind: 'card.revoked', card });
      await issueRevocation(tx, now, { what: 'card', subject: card, person, reason: cause, by: sender.person });
    }
  }
  for (const { terminal, id: session } of await endSessionsOfPerson(tx, now, person, authorOf(sender))) {
    const pushed = { kind: 'session-ended', session, reason: 'revoked' } satisfies Pushed;
    await tx.notify('pushed', { terminal, pushed });
  }
};

type Refused = 'PERSON_UNKNOWN' | 'PERSON_SELF' | 'CONSOLE_ROLE_MISSING' | 'PERSON_SUSPENDED';

/** Whom it is for, held until the transaction ends; or why this clerk gives them none. */
const getOwner = async (
  tx: Transaction,
  now: Date,
  sender: ConsoleSender,
  id: PersonId,
): Promise<Result<PersonSummary, Refused>> => {
  const person = await tryLockPerson(tx, id);
  if (!person) return fail('PERSON_UNKNOWN');
  if (person.id === sender.person) return refuseSelf(tx, now, sender, 'substitutes/issue');
  if (!mayChangeFactorsOf(sender.roles, person.roles)) {
    return refuseRole(tx, now, sender, person.id, 'substitutes/issue');
  }
  return person.state === 'active' ? succeed(person) : fail('PERSON_SUSPENDED');
};

/** The loan card of the stock, or the one that this person has; null for a code. */
const takeLoanCard = async (
  tx: Transaction,
  body: Body,
  person: PersonId,
): Promise<Result<CardId | null, 'CARD_UNKNOWN' | 'LOAN_CARD_TAKEN'>> => {
  if (body.kind === 'code') return succeed(null);
  const state = await tryLockLoanCard(tx, body.card);
  if (state === undefined) return fail('CARD_UNKNOWN');
  const isFree = state === 'active' && ((await tryFindHolder(tx, body.card)) ?? person) === person;
  return isFree ? succeed(body.card) : fail('LOAN_CARD_TAKEN');
};

const termsFor = (rules: Policy['substitutes'], { kind, startsAt, hours, uses }: Body, now: Date) => {
  const asked = { startsAt: startsAt === undefined ? undefined : Date.parse(startsAt), hours, uses };
  return rules.kinds.includes(kind) ? substituteTerms(rules, asked, now.getTime()) : undefined;
};

/**
 * What stands for a card that is lost or forgotten. It takes no second clerk: the PIN or TOTP stays the person's own, so
 * nobody gains a login by it, and it ends by itself.
 */
export const createSubstituteRoutes = (deps: ServerDeps) => {
  const issue = async (tx: Transaction, id: PersonId, body: Body, sender: ConsoleSender) => {
    const now = deps.now();
    const { substitutes: rules } = deps.policy();
    await lockCardsOf(tx, id);
    const taken = await takeLoanCard(tx, body, id);
    const owner = await getOwner(tx, now, sender, id);
    if (!owner.ok) return owner;
    const person = owner.value;
    const terms = termsFor(rules, body, now);
    if (terms === undefined) return fail('SUBSTITUTE_BEYOND_POLICY');
    if (!taken.ok) return taken;
    const { kind, cause, identity } = body;
    const card = taken.value;
    await endSubstitutes(tx, now, { person: person.id }, { reason: 'replaced', by: sender.person });
    await putAway(tx, now, sender, person, cause);
    const code = kind === 'code' ? makeCode('substitute') : null;
    const codeIndex = code === null ? null : deps.secrets.codeIndexes('substitute', code)[0];
    const { fewerRights } = rules;
    const given = { ...terms, person: person.id, kind, card, codeIndex, cause, identity, fewerRights };
    const substitute = await insertSubstitute(tx, now, { ...given, by: sender.person });
    await record(tx, now, {
      ...by(sender, person.id),
      kind: 'substitute.issued',
      outcome: 'success',
      card,
      factors: [kind === 'code' ? 'substitute-code' : 'loan-card'],
      reason: cause,
      detail: {
        substitute,
        identity,
        startsAt: new Date(terms.startsAt).toISOString(),
        endsAt: new Date(terms.endsAt).toISOString(),
        uses: terms.mostUses,
        fewerRights,
      },
    });
    await touchPerson(tx, now, person.id);
    if (card !== null) await tx.notify('changed', { what: 'loan-cards' });
    const summary = (await listSubstitutes(tx, person.id)).find((one) => one.id === substitute);
    if (!summary) throw new Error('a substitute was not stored');
    return succeed({ substitute: summary, code: code === null ? null : writeCode(code) });
  };

  return {
    'substitutes/issue': async ({ params, body }, sender) => {
      try {
        return await deps.database.transaction((tx) => issue(tx, params.person, body, sender));
      } catch (problem) {
        if (violates(problem, 'substitute_of_card')) return fail('LOAN_CARD_TAKEN');
        throw problem;
      }
    },

    'substitutes/end': async ({ params, body }, sender) =>
      deps.database.transaction(async (tx) => {
        const how = { reason: 'ended-by-helpdesk', by: sender.person, why: body.reason } as const;
        const { ended, revocations } = await endSubstitutes(tx, deps.now(), { id: params.substitute }, how);
        return ended.length === 0 ? fail('SUBSTITUTE_UNKNOWN') : succeed({ revocations });
      }),

    'loan-cards/list': async ({ query }) => {
      const listed = await listLoanCards(deps.database, query);
      if (listed === undefined) return refuseCursor();
      const { rows: cards, next, total } = listed;
      return succeed({ cards, next, total, ...(await countLoanCards(deps.database)) });
    },
  } satisfies Partial<Handlers>;
};
