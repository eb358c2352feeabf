import { randomUUID } from 'node:crypto';
import type { Answer } from '#contract/api/index.ts';
import type { CardEvidence } from '#contract/card.ts';
import type { CardId } from '#contract/ids.ts';
import { tryInsertCard } from './store/cards.ts';
import type { Answered, TestConsole, TestServer, TestTerminal } from './testing.ts';
import { type Clinician, keepTicket, makeEvidence } from './testing-login.ts';

/** Terminals that are to ask all at once later. */
export const enrolMany = async (server: TestServer, count: number): Promise<TestTerminal[]> => {
  const terminals: TestTerminal[] = [];
  while (terminals.length < count) terminals.push(await server.enrol());
  return terminals;
};

/** A loan card in the stock, as enrolment leaves it. */
export const makeLoanCard = async (
  server: TestServer,
  by: TestConsole,
): Promise<{ readonly card: CardId; readonly evidence: CardEvidence }> => {
  const evidence = makeEvidence();
  const indexes = server.secrets.cardIndexes(evidence);
  const given = { person: null, evidence, indexes, otherIndexes: [], proven: null, label: '貸出 1', by: by.person };
  const card = await tryInsertCard(server.database, server.now(), given);
  if (!card) throw new Error('the card is taken');
  return { card: card.id, evidence };
};

export const issue = (server: TestServer, desk: TestConsole, { person }: Clinician, body: object): Promise<Answered> =>
  server.call(desk, 'substitutes/issue', {
    params: { person: person.id },
    body: { cause: 'forgotten', identity: 'photo-identification', ...body },
  });

/** A substitute that must be given. */
export const mustIssue = async (
  server: TestServer,
  desk: TestConsole,
  clinician: Clinician,
  body: object = { kind: 'code' },
): Promise<Answer<'substitutes/issue'>> => {
  const answered = await issue(server, desk, clinician, body);
  if (answered.status !== 200) throw new Error(`not issued: ${JSON.stringify(answered.body)}`);
  return answered.body as Answer<'substitutes/issue'>;
};

/** Types a substitute code at a terminal. */
export const typeCode = async (server: TestServer, terminal: TestTerminal, code: string | null): Promise<Answered> => {
  const answered = await server.call(terminal, 'attempts/begin-by-code', { body: { lock: randomUUID(), code } });
  keepTicket(answered);
  return answered;
};

export const mustTypeCode = async (
  server: TestServer,
  terminal: TestTerminal,
  code: string | null,
): Promise<Answer<'attempts/begin-by-code'>> => {
  const answered = await typeCode(server, terminal, code);
  if (answered.status !== 200) throw new Error(`not begun: ${JSON.stringify(answered.body)}`);
  return answered.body as Answer<'attempts/begin-by-code'>;
};

/** Sealed codes of a group, made by one admin and approved by another. */
export const makeCodes = async (
  server: TestServer,
  [maker, approver]: readonly [TestConsole, TestConsole],
  { group = '', count = 1 }: { readonly group?: string; readonly count?: number } = {},
): Promise<Answer<'emergency-codes/make'>> => {
  const body = { group, count, note: randomUUID() };
  const asked = await server.call(maker, 'emergency-codes/make', { body });
  const { approval } = (asked.body as { failure?: { approval?: string } }).failure ?? {};
  if (approval === undefined) throw new Error(`not asked for: ${JSON.stringify(asked.body)}`);
  const decision = { approve: true, reason: '封筒の補充' };
  await server.call(approver, 'approvals/decide', { params: { approval }, body: decision });
  const made = await server.call(maker, 'emergency-codes/make', { body });
  if (made.status !== 200) throw new Error(`not made: ${JSON.stringify(made.body)}`);
  return made.body as Answer<'emergency-codes/make'>;
};

export interface BegunEmergency {
  readonly attempt: string;
  readonly ticket: string;
}

export const beginEmergency = (server: TestServer, terminal: TestTerminal, code: string): Promise<Answered> =>
  server.call(terminal, 'emergencies/begin', { body: { lock: randomUUID(), code } });

export const mustBeginEmergency = async (
  server: TestServer,
  terminal: TestTerminal,
  code: string,
): Promise<BegunEmergency> => {
  const answered = await beginEmergency(server, terminal, code);
  if (answered.status !== 200) throw new Error(`not begun: ${JSON.stringify(answered.body)}`);
  return answered.body as Answer<'emergencies/begin'>;
};

/** For whom: answers the emergency with its new ticket. */
export const mustName = async (
  server: TestServer,
  terminal: TestTerminal,
  { attempt, ticket }: BegunEmergency,
  number: string,
): Promise<BegunEmergency> => {
  const answered = await server.call(terminal, 'emergencies/name', { params: { attempt }, body: { ticket, number } });
  if (answered.status !== 200) throw new Error(`not named: ${JSON.stringify(answered.body)}`);
  return { attempt, ticket: (answered.body as Answer<'emergencies/name'>).ticket };
};

export const openEmergency = (
  server: TestServer,
  terminal: TestTerminal,
  { attempt, ticket }: BegunEmergency,
  idempotencyKey?: string,
): Promise<Answered> =>
  server.call(terminal, 'emergencies/open', {
    params: { attempt },
    body: { ticket, reason: 'patient-urgent', ...(idempotencyKey === undefined ? {} : { idempotencyKey }) },
  });
