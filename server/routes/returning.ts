import type { RevocationOrder } from '#contract/api/terminals.ts';
import { succeed } from '#contract/errors.ts';
import type { CardId, CredentialId, PersonId, TerminalId } from '#contract/ids.ts';
import type { ServerDeps } from '../deps.ts';
import { createLimit } from '../limit.ts';
import type { Author } from '../people/author.ts';
import { guardLastAdmin } from '../people/roles.ts';
import { suspendPeople } from '../people/suspend.ts';
import { takeCardAway, withdrawFactor } from '../people/take-away.ts';
import { tryReadOwn } from '../revocation-mark.ts';
import { shutOut } from '../shut-out.ts';
import { tryLockCard } from '../store/cards.ts';
import { tryDisableCredential, tryFindOwner } from '../store/credentials.ts';
import type { Transaction } from '../store/database.ts';
import { record } from '../store/events.ts';
import { tryLockPerson } from '../store/people.ts';
import { isKnownOrder, lockReturning, noteReturned } from '../store/returned-revocations.ts';
import { disable, revoke } from '../store/terminals.ts';
import type { Handlers, TerminalSender } from './handlers.ts';

/** What the events of it say. */
const reason = 'returned';

/** What a server that was put back from a backup has lost of revocations, it hears from the terminals that were told. */
export const createReturningRoutes = (deps: ServerDeps) => {
  const { database, now } = deps;
  const foreignOrders = createLimit({ tries: 10, everyMs: 60_000 });

  /** Takes away again what the order took away. Answers the new number; null where nothing is left to take. */
  const repeat = async (
    tx: Transaction,
    at: Date,
    { what, subject, at: orderedAt, forNow }: RevocationOrder,
    author: Author,
  ): Promise<number | null> => {
    switch (what) {
      case 'card': {
        const card = await tryLockCard(tx, subject as CardId);
        if (card === undefined || card.state === 'revoked') return null;
        return takeCardAway(tx, at, { card: subject as CardId, person: card.person }, author, reason);
      }
      case 'person': {
        const person = await tryLockPerson(tx, subject as PersonId);
        if (person === undefined || person.state === 'suspended') return null;
        if (!(await guardLastAdmin(tx, at, [person], author)).ok) return null;
        const [number = null] = await suspendPeople(tx, at, [person.id], author, reason);
        return number;
      }
      case 'credential': {
        const id = subject as CredentialId | PersonId;
        const owner = await tryFindOwner(tx, id);
        if (owner === undefined || !(await tryLockPerson(tx, owner))) return null;
        const factor = await tryDisableCredential(tx, id, new Date(orderedAt));
        return factor === undefined ? null : withdrawFactor(tx, at, factor, author, reason);
      }
      case 'terminal': {
        const terminal = subject as TerminalId;
        const done = forNow ? await disable(tx, at, terminal, { by: null, reason }) : await revoke(tx, at, terminal);
        return done ? shutOut(tx, at, terminal, { reason, actor: null, ...(forNow && { forNow }) }) : null;
      }
      case 'session':
        return null;
    }
  };

  const take = async (tx: Transaction, at: Date, terminal: TerminalId, order: RevocationOrder): Promise<void> => {
    if (await isKnownOrder(tx, order)) return;
    const { number, what, subject } = order;
    const detail = { number, what, subject, orderedAt: order.at };
    const issued = await repeat(tx, at, order, { actor: null, terminal, detail: { returned: number } });
    await noteReturned(tx, at, terminal, order, issued);
    await record(tx, at, {
      kind: 'revocation.returned',
      outcome: 'serious',
      terminal,
      reason: issued === null ? 'nothing-left' : null,
      detail: { ...detail, ...(issued === null ? {} : { issued }) },
    });
  };

  const refuse = async (at: Date, { terminal, address }: TerminalSender, count: number): Promise<void> => {
    if (!foreignOrders.allows(terminal, at)) return;
    foreignOrders.count(terminal, at);
    const facts = { kind: 'request.refused', outcome: 'serious', reason: 'revocation-mark' } as const;
    await record(database, at, {
      ...facts,
      terminal,
      detail: { call: 'terminals/return-revocations', address, count },
    });
  };

  return {
    'terminals/return-revocations': async ({ body }, sender) => {
      const at = now();
      const own = body.orders.flatMap((order) => tryReadOwn(deps.secrets, order) ?? []);
      const foreign = body.orders.length - own.length;
      if (foreign > 0) await refuse(at, sender, foreign);
      if (own.length === 0) return succeed({ taken: 0 });
      // Each by itself: nobody is held while another is waited for.
      for (const order of own) {
        await database.transaction(async (tx) => {
          await lockReturning(tx);
          await take(tx, at, sender.terminal, order);
        });
      }
      return succeed({ taken: own.length });
    },
  } satisfies Partial<Handlers>;
};
