import { randomBytes, randomUUID } from 'node:crypto';
import { generateSync } from 'otplib';
import type { Answer } from '#contract/api/index.ts';
import type { Opened } from '#contract/api/logins.ts';
import type { PersonSummary } from '#contract/api/people.ts';
import type { Role } from '#contract/api/row.ts';
import type { CardEvidence } from '#contract/card.ts';
import type { Failure } from '#contract/errors.ts';
import type { CardId } from '#contract/ids.ts';
import { hashSecret, makeTotpSeed, sealSeed } from './credentials.ts';
import { tryInsertCard } from './store/cards.ts';
import { setSecret } from './store/credentials.ts';
import { tryInsertPerson } from './store/people.ts';
import type { Answered, TestServer, TestTerminal } from './testing.ts';

export const goodPin = '83106274';
export const otherPin = '60418357';

export const makeEvidence = (): CardEvidence => ({
  technology: 'felica',
  systemCode: '8008',
  identifier: `0114${randomBytes(6).toString('hex').toUpperCase()}`,
  assurance: 'identifier',
});

export interface Clinician {
  readonly person: PersonSummary;
  readonly card: CardId;
  readonly evidence: CardEvidence;
  readonly seed: string;
  /** The code of the authenticator at the server's time, or some steps away from it. */
  code(steps?: number): string;
}

export interface ClinicianToMake {
  readonly roles?: Role[];
  readonly pin?: boolean;
  readonly totp?: boolean;
  readonly password?: string;
}

/** A person with a card, a PIN (`goodPin`) and a TOTP seed, as enrolment leaves them. */
export const makeClinician = async (server: TestServer, given: ClinicianToMake = {}): Promise<Clinician> => {
  const { roles = ['clinician'], pin = true, totp = true, password } = given;
  const { database, secrets } = server;
  stayInStep(server);
  const now = server.now();
  const number = `N${randomUUID().slice(0, 8)}`;
  const person = await tryInsertPerson(database, now, { number, name: '山田 花子', kana: 'ヤマダ ハナコ', roles });
  if (!person) throw new Error('the number is taken');
  const { evidence, card } = await giveCard(server, person);
  const set = (kind: 'pin' | 'totp' | 'password', secret: object) =>
    setSecret(database, now, { person: person.id, kind, secret, step: null });
  const seed = makeTotpSeed();
  if (pin) await set('pin', await hashSecret(secrets, goodPin));
  if (totp) await set('totp', sealSeed(secrets, seed, person.id));
  if (password) await set('password', await hashSecret(secrets, password));
  const code = (steps = 0) =>
    generateSync({ secret: seed, epoch: Math.floor(server.now().getTime() / 1000) + steps * 30 });
  return { person, card, evidence, seed, code };
};

/** One more card, as enrolment leaves it. */
export const giveCard = async (
  { database, secrets, now }: TestServer,
  { id: person }: Pick<PersonSummary, 'id'>,
): Promise<Pick<Clinician, 'card' | 'evidence'>> => {
  const evidence = makeEvidence();
  const indexes = secrets.cardIndexes(evidence);
  const given = { person, evidence, indexes, otherIndexes: [], proven: null, label: '職員証', by: person };
  const card = await tryInsertCard(database, now(), given);
  if (!card) throw new Error('the card is taken');
  return { card: card.id, evidence };
};

/** Moves the clock on when the time step is nearly over, so that a code made now is of the same step a little later. */
const stayInStep = (server: TestServer): void => {
  const into = server.now().getTime() % 30_000;
  if (into > 20_000) server.advance(30_000 - into);
};

/** Tickets of the attempts that tests began: a terminal keeps them. */
const tickets = new Map<string, string>();
export const ticketOf = (attempt: string): string => tickets.get(attempt) ?? 'none';

export const keepTicket = ({ body }: Answered): void => {
  const { attempt, ticket } = body as Partial<Answer<'attempts/begin'>>;
  if (attempt !== undefined && ticket !== undefined) tickets.set(attempt, ticket);
};

export const begin = async (
  server: TestServer,
  terminal: TestTerminal,
  card: CardEvidence,
  after?: string,
): Promise<Answered> => {
  const body = { lock: randomUUID(), card, ...(after === undefined ? {} : { after }) };
  const answered = await server.call(terminal, 'attempts/begin', { body });
  keepTicket(answered);
  return answered;
};

/** Begins an attempt that must be let in. */
export const mustBegin = async (
  server: TestServer,
  terminal: TestTerminal,
  card: CardEvidence,
  after?: string,
): Promise<Answer<'attempts/begin'>> => {
  const answered = await begin(server, terminal, card, after);
  if (answered.status !== 200) throw new Error(`not begun: ${JSON.stringify(answered.body)}`);
  return answered.body as Answer<'attempts/begin'>;
};

export const prove = (
  server: TestServer,
  terminal: TestTerminal,
  attempt: string,
  factor: string,
  secret: string,
): Promise<Answered> =>
  server.call(terminal, 'attempts/prove', { params: { attempt }, body: { ticket: ticketOf(attempt), factor, secret } });

/** A whole login by PIN. */
export const logIn = async (
  server: TestServer,
  terminal: TestTerminal,
  clinician: Clinician,
): Promise<Opened & { readonly attempt: string }> => {
  const { attempt } = await mustBegin(server, terminal, clinician.evidence);
  const answered = await prove(server, terminal, attempt, 'pin', goodPin);
  if (answered.status !== 200) throw new Error(`not logged in: ${JSON.stringify(answered.body)}`);
  return { ...(answered.body as Opened), attempt };
};

export const failureOf = ({ body }: Answered): Failure => (body as { failure: Failure }).failure;

export interface LoggedEvent {
  readonly kind: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly person: string | null;
  readonly actor: string | null;
  readonly terminal: string | null;
  readonly attempt: string | null;
  readonly session: string | null;
  readonly support_code: string | null;
  readonly factors: string[];
  readonly detail: Record<string, unknown>;
}

/** Events whose column has this value, oldest first. */
export const eventsWhere = async (
  server: TestServer,
  column: 'attempt' | 'session' | 'person' | 'terminal' | 'support_code' | 'ceremony' | 'actor',
  value: string,
): Promise<LoggedEvent[]> => {
  await server.app.settled();
  return server.database.query<LoggedEvent>(`select * from event where ${column} = $1 order by seq`, [value]);
};
