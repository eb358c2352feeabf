import type { CeremonyState } from '#contract/api/people.ts';
import type { CardId, CeremonyId, PersonId, TerminalId } from '#contract/ids.ts';
import { tryGetCard, tryGetHolder } from './cards.ts';
import type { Transaction } from './database.ts';
import { createUuid } from './uuid.ts';

export interface Ceremony {
  readonly id: CeremonyId;
  readonly task: CeremonyState['task'];
  /** Nobody where it is about a loan card, or about whoever holds the card. */
  readonly person: PersonId | null;
  readonly personNumber: string | null;
  readonly terminal: TerminalId;
  readonly askedBy: PersonId;
  readonly label: string;
  readonly state: CeremonyState['state'];
  readonly problem: string | null;
  readonly card: CardId | null;
  readonly expiresAt: Date;
}

const select = `select c.id, c.task, c.person, p.number as "personNumber", c.terminal, c.asked_by as "askedBy", c.label,
       c.state, c.problem, c.card, c.expires_at as "expiresAt" from ceremony c left join person p on p.id = c.person`;

export const isOpen = (ceremony: Ceremony, now: Date): boolean =>
  (ceremony.state === 'waiting' || ceremony.state === 'card-held') && ceremony.expiresAt > now;

export interface CeremonyToBegin {
  readonly task: CeremonyState['task'];
  readonly person: PersonId | null;
  readonly terminal: TerminalId;
  readonly askedBy: PersonId;
  readonly label: string;
  readonly expiresAt: Date;
}

export const insertCeremony = async (tx: Transaction, now: Date, toBegin: CeremonyToBegin): Promise<CeremonyId> => {
  const id = createUuid(now) as CeremonyId;
  const { task, person, terminal, askedBy, label, expiresAt } = toBegin;
  await tx.query(
    `insert into ceremony (id, task, person, terminal, asked_by, label, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [id, task, person, terminal, askedBy, label, now, expiresAt],
  );
  return id;
};

/** Held until the transaction ends, after its card and its person: whoever takes those away holds them first. */
export const tryLockCeremony = async (tx: Transaction, id: CeremonyId): Promise<Ceremony | undefined> => {
  await tx.query('select 1 from card where id = (select card from ceremony where id = $1) for share', [id]);
  await tx.query('select 1 from person where id = (select person from ceremony where id = $1) for no key update', [id]);
  const [row] = await tx.query<Ceremony>(`${select} where c.id = $1 for update of c`, [id]);
  return row;
};

export const tryGetCeremony = async (tx: Transaction, id: CeremonyId): Promise<Ceremony | undefined> => {
  const [row] = await tx.query<Ceremony>(`${select} where c.id = $1`, [id]);
  return row;
};

const over = ['done', 'failed', 'cancelled', 'expired'];

export const moveCeremony = async (
  tx: Transaction,
  now: Date,
  id: CeremonyId,
  to: { readonly state: CeremonyState['state']; readonly problem?: string | null; readonly card?: CardId | null },
): Promise<void> => {
  await tx.query(
    `update ceremony set state = $2, problem = $3, card = coalesce($4, card), ended_at = $5 where id = $1`,
    [id, to.state, to.problem ?? null, to.card ?? null, over.includes(to.state) ? now : null],
  );
  await tx.notify('changed', { what: 'ceremonies' });
};

export interface EndedCeremony {
  readonly id: CeremonyId;
  readonly person: PersonId | null;
  readonly askedBy: PersonId;
  readonly terminal: TerminalId;
}

const endOpen = async (
  tx: Transaction,
  state: 'cancelled' | 'expired',
  where: string,
  values: readonly unknown[],
): Promise<EndedCeremony[]> => {
  const rows = await tx.query<EndedCeremony>(
    `update ceremony set state = '${state}', ended_at = $1 where state in ('waiting', 'card-held') and ${where}
     returning id, person, asked_by as "askedBy", terminal`,
    values,
  );
  if (rows.length > 0) await tx.notify('changed', { what: 'ceremonies' });
  return rows;
};

export const cancelCeremoniesAt = (tx: Transaction, now: Date, terminal: TerminalId) =>
  endOpen(tx, 'cancelled', 'terminal = $2', [now, terminal]);

/** `task`: those for this alone. */
export const cancelCeremoniesOf = (tx: Transaction, now: Date, person: PersonId, task?: 'pin') =>
  endOpen(tx, 'cancelled', 'person = $2 and task = coalesce($3, task)', [now, person, task ?? null]);

/** What this person asked for and that concerns somebody else, or nobody. */
export const cancelCeremoniesBy = (tx: Transaction, now: Date, person: PersonId) =>
  endOpen(tx, 'cancelled', 'asked_by = $2 and person is distinct from $2', [now, person]);

export const expireCeremonies = (tx: Transaction, now: Date) => endOpen(tx, 'expired', 'expires_at <= $1', [now]);

export const toCeremonyState = async (tx: Transaction, ceremony: Ceremony, now: Date): Promise<CeremonyState> => {
  const late = (ceremony.state === 'waiting' || ceremony.state === 'card-held') && !isOpen(ceremony, now);
  return {
    id: ceremony.id,
    task: ceremony.task,
    state: late ? 'expired' : ceremony.state,
    problem: ceremony.problem,
    card: ceremony.card ? ((await tryGetCard(tx, ceremony.card)) ?? null) : null,
    holder: ceremony.task === 'find' && ceremony.card ? await tryGetHolder(tx, ceremony.card) : null,
    expiresAt: ceremony.expiresAt.toISOString(),
  };
};
