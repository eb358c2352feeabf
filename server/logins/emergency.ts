import type { Answer, Input } from '#contract/api/index.ts';
import type { Opened } from '#contract/api/logins.ts';
import { fail, type Result, succeed } from '#contract/errors.ts';
import type { AttemptId, CardId, PersonId } from '#contract/ids.ts';
import type { AskedFactor } from '#contract/screen.ts';
import { normaliseDigits } from '#core/policy/digits.ts';
import { clinicianRights } from '#core/policy/substitutes.ts';
import { makeSupportCode } from '../credentials.ts';
import type { ServerDeps } from '../deps.ts';
import { createLimit } from '../limit.ts';
import type { TerminalSender } from '../routes/handlers.ts';
import { refuseSlowly } from '../sign-in.ts';
import type { Transaction } from '../store/database.ts';
import { tryFindByDigits, tryFindCode } from '../store/emergencies.ts';
import { record } from '../store/events.ts';
import { tryGetPerson } from '../store/people.ts';
import { createUuid } from '../store/uuid.ts';
import { createCodes } from './codes.ts';
import { createEmergencyOpen } from './emergency-open.ts';
import {
  about,
  type EmergencyTicket,
  emergencyEnds,
  tryReadEmergencyTicket,
  writeEmergencyTicket,
} from './emergency-ticket.ts';
import { createProofKey } from './proof-key.ts';

/** Staff numbers that may be tried in one emergency: it is no way to find out who works here. */
const names = { tries: 8, everyMs: 10 * 60_000 };

/** A terminal is opened in an emergency: by a sealed code, or on a colleague's word; for somebody who is named, with a reason. */
export const createEmergency = (deps: ServerDeps) => {
  const { database, secrets, now: clock } = deps;
  const codes = createCodes(deps, 'emergency');
  const openFor = createEmergencyOpen(deps);
  const namesTried = createLimit(names);

  type Begun = Pick<EmergencyTicket, 'terminal' | 'lock' | 'address' | 'means'>;
  const begin = async (tx: Transaction, begun: Begun): Promise<Answer<'emergencies/begin'>> => {
    const now = clock();
    const ticket: EmergencyTicket = {
      ...begun,
      attempt: createUuid(now) as AttemptId,
      supportCode: makeSupportCode(),
      startedAt: now.getTime(),
      expiresAt: emergencyEnds(now),
      person: null,
    };
    await record(tx, now, { ...about(ticket), kind: 'emergency.begun', outcome: 'serious' });
    const { attempt, supportCode, expiresAt } = ticket;
    const written = writeEmergencyTicket(secrets, ticket);
    return { attempt, ticket: written, expiresAt: new Date(expiresAt).toISOString(), supportCode };
  };

  const refuse = (ticket: EmergencyTicket, reason: string) =>
    database.transaction((tx) =>
      record(tx, clock(), { ...about(ticket), kind: 'emergency.refused', outcome: 'serious', reason }),
    );

  /** The ticket of this emergency at this terminal, while there is time. */
  const read = async (
    attempt: AttemptId,
    given: string,
    { terminal }: TerminalSender,
  ): Promise<Result<EmergencyTicket, 'ATTEMPT_ENDED' | 'TERMINAL_OTHER'>> => {
    const ticket = tryReadEmergencyTicket(secrets, given);
    if (ticket?.attempt !== attempt) {
      const facts = { terminal, attempt, reason: 'attempt-unknown' };
      await database.transaction((tx) =>
        record(tx, clock(), { ...facts, kind: 'emergency.refused', outcome: 'serious' }),
      );
      return fail('ATTEMPT_ENDED');
    }
    if (ticket.terminal !== terminal) {
      await refuse({ ...ticket, terminal }, 'other-terminal');
      return fail('TERMINAL_OTHER');
    }
    if (ticket.expiresAt > clock().getTime()) return succeed(ticket);
    await refuse(ticket, 'too-late');
    return fail('ATTEMPT_ENDED');
  };

  return {
    byCode: (
      { lock, code }: Input<'emergencies/begin'>['body'],
      { terminal, address }: TerminalSender,
    ): Promise<Result<Answer<'emergencies/begin'>, 'CODE_REFUSED' | 'SERVER_BUSY'>> =>
      refuseSlowly(async () => {
        const taken = await codes.take(terminal, code);
        if (!taken.ok) return taken;
        const found = await tryFindCode(database, terminal, taken.value);
        const slip = found === undefined ? {} : { slip: found.serial };
        if (!deps.policy().emergency.codes) return codes.refuse(terminal, 'emergency-off', null, slip);
        if (found === undefined) return codes.refuse(terminal, 'unknown-code', null);
        if (found.state !== 'unused') return codes.refuse(terminal, `code-${found.state}`, null, slip);
        if (!found.isHere) return codes.refuse(terminal, 'other-group', null, slip);
        const means = { kind: 'code', code: found.id, serial: found.serial } as const;
        return succeed(await database.transaction((tx) => begin(tx, { terminal, lock, address, means })));
      }),

    /** A colleague has proved who they are. */
    byWitness: (
      tx: Transaction,
      begun: Omit<Begun, 'means'>,
      {
        person: witness,
        card,
        shown,
      }: { readonly person: PersonId; readonly card: CardId | null; readonly shown: readonly AskedFactor[] },
    ) => begin(tx, { ...begun, means: { kind: 'witness', witness, card, shown: [...shown] } }),

    name: async (
      attempt: AttemptId,
      { ticket: given, number }: Input<'emergencies/name'>['body'],
      sender: TerminalSender,
    ): Promise<
      Result<Answer<'emergencies/name'>, 'ATTEMPT_ENDED' | 'TERMINAL_OTHER' | 'COLLEAGUE_UNKNOWN' | 'SERVER_BUSY'>
    > => {
      const found = await read(attempt, given, sender);
      if (!found.ok) return found;
      const ticket = found.value;
      if (!namesTried.allows(attempt, clock())) return fail('SERVER_BUSY', { retryAfterSeconds: 600 });
      namesTried.count(attempt, clock());
      const digits = normaliseDigits(number);
      const id = digits === undefined ? undefined : await tryFindByDigits(database, digits);
      const person = id === undefined ? undefined : await tryGetPerson(database, id);
      const isSelf = ticket.means.kind === 'witness' && ticket.means.witness === id;
      if (!person || isSelf) {
        await refuse(ticket, isSelf ? 'self' : 'colleague-unknown');
        return fail('COLLEAGUE_UNKNOWN', { supportCode: ticket.supportCode });
      }
      return succeed({
        ticket: writeEmergencyTicket(secrets, { ...ticket, person: person.id }),
        greeting: {
          person: person.id,
          name: person.name,
          number: person.number,
          roles: clinicianRights(person.roles),
        },
        expiresAt: new Date(ticket.expiresAt).toISOString(),
      });
    },

    open: async (
      attempt: AttemptId,
      { ticket: given, reason, idempotencyKey }: Input<'emergencies/open'>['body'],
      sender: TerminalSender,
    ): Promise<Result<Opened, 'ATTEMPT_ENDED' | 'TERMINAL_OTHER' | 'CODE_REFUSED'>> => {
      const found = await read(attempt, given, sender);
      if (!found.ok) return found;
      const ticket = found.value;
      const key = createProofKey(idempotencyKey, ticket, 'emergency', `${ticket.person} ${reason}`);
      const opened = await openFor(ticket, reason, key);
      if (typeof opened !== 'string') return succeed(opened);
      await refuse(ticket, opened);
      return opened === 'opened-before'
        ? fail('ATTEMPT_ENDED')
        : fail('CODE_REFUSED', { supportCode: ticket.supportCode });
    },
  };
};
export type Emergency = ReturnType<typeof createEmergency>;
