import { z } from 'zod';
import { attemptId, cardId, ceremonyId, eventId, instant, personId, sessionId, terminalId } from './ids.ts';
import { logEvents } from './log-events.ts';

export interface EventRow {
  /** DICOM PS3.15 A.5.3 event id and type, for the export to an audit record repository. */
  readonly dicom: readonly [id: number, type?: number];
  readonly meaning: string;
}

/** The closed vocabulary of the log. Past tense, `subject.happened`. */
export const eventKinds = {
  'server.started': { dicom: [110100, 110120], meaning: 'The server took up its work.' },
  'server.stopped': { dicom: [110100, 110121], meaning: 'The server ended in an orderly way.' },
  'request.refused': {
    dicom: [110113, 110126],
    meaning:
      'A request was turned away before it reached its handler: no or a foreign certificate, a bad shape, a missing role.',
  },

  'terminal.announced': { dicom: [110113, 110137], meaning: 'An admin made a one-time enrolment code for a terminal.' },
  'terminal.enrolled': { dicom: [110113, 110126], meaning: 'A terminal made its key and got its first certificate.' },
  'terminal.enrolment-refused': { dicom: [110113, 110126], meaning: 'An enrolment code was unknown, used or too old.' },
  'terminal.renewed': { dicom: [110113, 110126], meaning: 'A terminal renewed its certificate.' },
  'terminal.changed': { dicom: [110113, 110137], meaning: 'A terminal got another name, place or group.' },
  'terminal.disabled': { dicom: [110113, 110137], meaning: 'A terminal was put out of use for now.' },
  'terminal.enabled': { dicom: [110113, 110137], meaning: 'A terminal that was out of use was taken into use again.' },
  'terminal.revoked': { dicom: [110113, 110137], meaning: 'A terminal was shut out.' },
  'terminal.connected': { dicom: [110100, 110120], meaning: 'A terminal opened its push stream.' },
  'terminal.disconnected': { dicom: [110100, 110121], meaning: 'A terminal lost its push stream.' },

  'attempt.begun': {
    dicom: [110114, 110122],
    meaning: 'A known card was held over a reader; a second factor was asked for.',
  },
  'attempt.refused': {
    dicom: [110114, 110122],
    meaning: 'A card was refused: unknown, suspended, revoked, or its person may not log in.',
  },
  'attempt.abandoned': { dicom: [110114, 110122], meaning: 'Nobody finished the attempt.' },
  'proof.accepted': { dicom: [110114, 110122], meaning: 'The second factor was accepted.' },
  'proof.refused': { dicom: [110114, 110122], meaning: 'The second factor was wrong.' },
  'proof.replayed': { dicom: [110114, 110122], meaning: 'A one-time code or an ended attempt was used again.' },
  'credential.locked': { dicom: [110113, 110137], meaning: 'A factor was locked after too many wrong tries.' },
  'credential.revoked': { dicom: [110113, 110137], meaning: 'A PIN, authenticator or password was made worthless.' },
  'session.began': { dicom: [110114, 110122], meaning: 'A person began to use a terminal.' },
  'session.ended': { dicom: [110114, 110123], meaning: 'A session ended; the reason says how.' },

  'approval.asked': { dicom: [110113, 110137], meaning: 'An act was asked for that a second person has to approve.' },
  'approval.given': { dicom: [110113, 110137], meaning: 'A second person approved an act.' },
  'approval.refused': {
    dicom: [110113, 110137],
    meaning: 'A second person refused an act, or who asked for it took it back.',
  },
  'first-secret.issued': {
    dicom: [110113, 110137],
    meaning: 'A single-use secret was made with which a person chooses their first PIN.',
  },
  'card-authority.added': {
    dicom: [110113, 110137],
    meaning: 'Certificates on cards that somebody has signed are believed from now on.',
  },
  'card-authority.removed': {
    dicom: [110113, 110137],
    meaning: 'Certificates on cards that somebody has signed are believed no more.',
  },
  'substitute.issued': {
    dicom: [110113, 110137],
    meaning: 'Helpdesk gave a loan card or a code to somebody whose card is lost or forgotten.',
  },
  'substitute.ended': {
    dicom: [110113, 110137],
    meaning: 'A loan card or code ended: by time, uses, return of the card, or somebody’s hand.',
  },
  'card.suspended': { dicom: [110113, 110137], meaning: 'A card was suspended because it is lost or forgotten.' },
  'card.returned': {
    dicom: [110113, 110137],
    meaning: 'A suspended card was used with the right second factor and is active again.',
  },
  'code.refused': { dicom: [110114, 110122], meaning: 'A substitute code or an emergency code was refused.' },
  'code.guessed-at': {
    dicom: [110113, 110137],
    meaning: 'Alarm: many wrong codes were typed within an hour, at whatever terminals.',
  },
  'emergency.codes-made': { dicom: [110113, 110137], meaning: 'A batch of sealed one-time codes was made.' },
  'emergency.codes-voided': { dicom: [110113, 110137], meaning: 'Sealed one-time codes were made void.' },
  'emergency.begun': {
    dicom: [110113, 110127],
    meaning:
      'An emergency code was right, or a colleague proved who they are to vouch for another. Nothing is open yet.',
  },
  'emergency.refused': {
    dicom: [110113, 110127],
    meaning: 'An emergency ended without opening anything: a staff number that does not fit, policy, time.',
  },
  'emergency.opened': {
    dicom: [110113, 110127],
    meaning: 'Alarm: a terminal was opened by an emergency code or on a colleague’s word.',
  },
  'emergency.reviewed': { dicom: [110113, 110137], meaning: 'An emergency use was signed off with findings.' },
  'policy.applied': { dicom: [110113, 110137], meaning: 'A version of the policy was put in force.' },

  'person.added': { dicom: [110113, 110137], meaning: 'A person was added.' },
  'person.changed': { dicom: [110113, 110137], meaning: 'A person was changed.' },
  'person.suspended': { dicom: [110113, 110137], meaning: 'A person may no longer log in.' },
  'person.resumed': { dicom: [110113, 110137], meaning: 'A suspension was taken back; the person may log in again.' },
  'people.imported': {
    dicom: [110113, 110137],
    meaning: 'A list of people was imported; each change has its own event.',
  },
  'directory.client-added': {
    dicom: [110113, 110137],
    meaning: 'An admin made the token of a directory, which may then change people.',
  },
  'directory.client-revoked': { dicom: [110113, 110137], meaning: 'The token of a directory was revoked.' },
  'directory.group-added': { dicom: [110113, 110137], meaning: 'A directory made a group.' },
  'directory.group-changed': {
    dicom: [110113, 110137],
    meaning: 'A group of a directory got another name, members or role.',
  },
  'directory.group-removed': { dicom: [110113, 110137], meaning: 'A directory took a group away.' },
  'card.enrolled': { dicom: [110113, 110137], meaning: 'A card was bound to a person.' },
  'card.enrolment-refused': {
    dicom: [110113, 110137],
    meaning: 'A card could not be enrolled: taken, or without a fixed identifier.',
  },
  'card.revoked': { dicom: [110113, 110137], meaning: 'A card was revoked.' },
  'pin.set': { dicom: [110113, 110137], meaning: 'A person set their PIN at a keypad.' },
  'pin.refused': { dicom: [110113, 110137], meaning: 'A new PIN did not follow the rules, or another card was held.' },
  'totp.begun': { dicom: [110113, 110137], meaning: 'A TOTP seed was made and shown for enrolment.' },
  'totp.enrolled': { dicom: [110113, 110137], meaning: 'A TOTP seed was confirmed by a code.' },
  'totp.refused': { dicom: [110113, 110137], meaning: 'A TOTP seed was not confirmed.' },
  'password.set': { dicom: [110113, 110137], meaning: 'A console password was set by its owner.' },
  'passkey.enrolled': { dicom: [110113, 110137], meaning: 'A passkey was enrolled by its owner.' },
  'passkey.refused': { dicom: [110113, 110137], meaning: 'A new passkey was refused.' },
  'passkey.removed': { dicom: [110113, 110137], meaning: 'A passkey was removed by its owner or revoked by an admin.' },
  'person.recovery-begun': {
    dicom: [110113, 110137],
    meaning: 'On the server’s machine a one-time link was made, with which a person sets password and TOTP anew.',
  },
  'ceremony.begun': {
    dicom: [110113, 110137],
    meaning: 'Helpdesk asked a terminal to enrol a card or to have a PIN set.',
  },
  'ceremony.ended': {
    dicom: [110113, 110137],
    meaning: 'An enrolment step ended without effect: cancelled or too late.',
  },

  'revocation.issued': { dicom: [110113, 110137], meaning: 'A numbered revocation was made and pushed.' },
  'revocation.returned': {
    dicom: [110113, 110137],
    meaning: 'Alarm: a terminal brought back a revocation that the server had lost; it is in force again.',
  },
  'revocation.confirmed': {
    dicom: [110113, 110137],
    meaning: 'A terminal confirmed a revocation with a signed receipt.',
  },

  'key.made': {
    dicom: [110113, 110129],
    meaning: 'A key or an authority of the server was made; it is not in use yet.',
  },
  'key.put-in-use': { dicom: [110113, 110129], meaning: 'A key or an authority of the server was put in use.' },
  'key.retired': { dicom: [110113, 110129], meaning: 'An old key or authority of the server was retired.' },
  'authority.ending': {
    dicom: [110113, 110126],
    meaning: 'The authority that signs certificates ends soon; the next one must be made before.',
  },

  'console.signed-in': { dicom: [110114, 110122], meaning: 'A person signed in to the console with two factors.' },
  'console.sign-in-refused': { dicom: [110114, 110122], meaning: 'A console sign-in was refused.' },
  'console.proof-accepted': {
    dicom: [110114, 110122],
    meaning: 'Somebody who is signed in proved anew who they are, before a change of how they sign in.',
  },
  'console.proof-refused': {
    dicom: [110114, 110122],
    meaning: 'Somebody who is signed in did not prove anew who they are; nothing was changed.',
  },
  'console.signed-out': { dicom: [110114, 110123], meaning: 'A person signed out of the console.' },
  ...logEvents,

  'guard.started': {
    dicom: [110100, 110120],
    meaning: 'The deciding process of a terminal started; the terminal is locked.',
  },
  'guard.stopped': { dicom: [110100, 110121], meaning: 'The deciding process of a terminal ended in an orderly way.' },
  'screen.joined': { dicom: [110100, 110120], meaning: 'The screen of a terminal joined its guard.' },
  'screen.lost': { dicom: [110100, 110121], meaning: 'The screen of a terminal went away.' },
  'screen.repaired': {
    dicom: [110100],
    meaning: 'A part of the screen crashed, hung or showed nothing, and was made anew behind the cover.',
  },
  'screen.altered': {
    dicom: [110113],
    meaning:
      'The program of the screen is not as its release was made: it was not started. `first` is one of the files that differ, `files` how many.',
  },
  'curtain.joined': { dicom: [110100, 110120], meaning: 'A curtain, which covers the screens, joined its guard.' },
  'curtain.lost': { dicom: [110100, 110121], meaning: 'A curtain ended; the other one goes on covering.' },
  'curtain.refused': {
    dicom: [110113],
    meaning: 'A process that is no curtain of this terminal wanted the leases of its guard.',
  },
  'screen.opened': {
    dicom: [110114, 110122],
    meaning:
      'The desktop of a terminal was shown under a fresh lease. `readyMs`: since the card came into the field; `machineMs`: of it what the person did not read or type.',
  },
  'screen.locked': { dicom: [110114, 110123], meaning: 'The desktop of a terminal was covered.' },
  'screen.call-refused': {
    dicom: [110113],
    meaning: 'A window sent a call that it may not send, or with a bad shape.',
  },
  'reader.ready': { dicom: [110100, 110120], meaning: 'A card reader is ready.' },
  'reader.lost': { dicom: [110100, 110121], meaning: 'The card reader, its service or its process went away.' },
  'card.misread': {
    dicom: [110113],
    meaning: 'A card could not be read: too short, not readable, several at once, or without a fixed identifier.',
  },
  'link.lost': { dicom: [110100, 110121], meaning: 'The server could not be reached.' },
  'link.restored': { dicom: [110100, 110120], meaning: 'The server was reached again.' },
  'offline.opened': {
    dicom: [110114, 110122],
    meaning:
      'The desktop of a terminal was shown to somebody without the server, by what their last login there had left.',
  },
  'offline.refused': { dicom: [110114, 110122], meaning: 'Somebody was refused at a terminal without the server.' },
  'offline.locked': {
    dicom: [110113, 110137],
    meaning: 'After too many wrong tries without the server a terminal lets somebody in by the server alone.',
  },
  'offline.set-back': {
    dicom: [110113],
    meaning:
      'Alarm: what a terminal keeps for logins without the server was an older copy or changed by hand; it was thrown away.',
  },
  'offline.contested': {
    dicom: [110113, 110137],
    meaning:
      'Alarm: the server, asked afterwards, would not have let somebody in whom a terminal let in without it, or not have let them work on; the reason says why.',
  },
  'journal.damaged': {
    dicom: [110113],
    meaning:
      'Alarm: a terminal’s journal was changed, shortened, put back from an older copy, not written by it, or cannot be read; the numbers that are missing are named.',
  },
  'journal.stopped': {
    dicom: [110113],
    meaning:
      'A terminal could not write its journal: the disk was full or broken. Nobody got in, or policy let it go on in the room that it keeps for that.',
  },
  'journal.faulted': {
    dicom: [110113],
    meaning: 'Alarm: a disk refused a part of a terminal’s journal; it stands in another file, nothing is lost.',
  },
  'journal.restored': { dicom: [110100, 110120], meaning: 'A terminal can write its journal again.' },
  'hook.failed': {
    dicom: [110113],
    meaning:
      'What a terminal does on its desktop when somebody comes or goes failed, or took too long; the reason says how.',
  },
  'clock.wrong': {
    dicom: [110113],
    meaning: 'The clock of a terminal differs from the server’s by more than the limit.',
  },
  'log.forked': {
    dicom: [110113, 110126],
    meaning:
      'Alarm: a terminal was shown a log that is not the one that it had seen before, and keeps to the one before.',
  },
  'log.begun-anew': {
    dicom: [110113, 110126],
    meaning: 'Alarm: a terminal came upon another incarnation of the server; the last log that it had seen is named.',
  },
} as const satisfies Record<string, EventRow>;

export type EventKind = keyof typeof eventKinds;
export const eventKind = z.enum(Object.keys(eventKinds) as [EventKind, ...EventKind[]]);

/** What a terminal may report: events of its own parts. Everything else is the server's to say. */
export const terminalKinds = [
  'guard.started',
  'guard.stopped',
  'screen.joined',
  'screen.lost',
  'screen.repaired',
  'screen.altered',
  'curtain.joined',
  'curtain.lost',
  'curtain.refused',
  'screen.opened',
  'screen.locked',
  'screen.call-refused',
  'reader.ready',
  'reader.lost',
  'card.misread',
  'link.lost',
  'link.restored',
  'offline.opened',
  'offline.refused',
  'offline.locked',
  'offline.set-back',
  'journal.damaged',
  'journal.stopped',
  'journal.faulted',
  'journal.restored',
  'hook.failed',
  'clock.wrong',
  'log.forked',
  'log.witnessed',
  'log.begun-anew',
] as const satisfies readonly EventKind[];
export type TerminalKind = (typeof terminalKinds)[number];

export const factor = z.enum([
  'card',
  'pin',
  'totp',
  'password',
  'passkey',
  'one-time-code',
  'terminal-session',
  'initial-secret',
  'grace',
  'loan-card',
  'substitute-code',
  'emergency-code',
  'witness',
]);
export type Factor = z.infer<typeof factor>;

export const outcome = z.enum(['success', 'minor', 'serious', 'major']);

/** Who did it, to whom, where, with what, and how it went (ISO 27789; MHLW 6.0 運用編 17①). Never a secret, never a raw card number. */
export const eventFacts = z.strictObject({
  kind: eventKind,
  outcome,
  /** The person whom it is about. */
  person: personId.nullish(),
  /** The person who did it, when it is another one. */
  actor: personId.nullish(),
  card: cardId.nullish(),
  attempt: attemptId.nullish(),
  session: sessionId.nullish(),
  ceremony: ceremonyId.nullish(),
  /** Factors that were presented. */
  factors: z.array(factor).default([]),
  /** A short machine-readable reason, such as `card-revoked` or `same-card`. */
  reason: z.string().max(80).nullish(),
  supportCode: z.string().max(16).nullish(),
  /** Small further facts: a reader's name, an address, a count. */
  detail: z.record(z.string().max(40), z.union([z.string().max(200), z.number(), z.boolean()])).default({}),
});
export type EventFacts = z.infer<typeof eventFacts>;
/** Event facts as a writer gives them: what has a default may be left out. */
export type EventInput = z.input<typeof eventFacts>;
/** What a terminal's journal takes. */
export type TerminalEvent = EventInput & { readonly kind: TerminalKind };

/** A line of a terminal's journal. `hash` = SHA-256 over the canonical form of all other members. */
export const journalRecord = z.strictObject({
  /** New at every fresh journal; with `sequence` it names one record of one terminal for ever. Of one spelling: small letters. */
  epoch: z.uuid().refine((epoch) => epoch === epoch.toLowerCase()),
  sequence: z.int().min(1),
  /** Hash of the record before, 64 zeros for the first (hexadecimal). */
  previous: z.string().regex(/^[0-9a-f]{64}$/),
  at: instant,
  facts: eventFacts,
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});
export type JournalRecord = z.infer<typeof journalRecord>;

/** An event as the server keeps and shows it. */
export const storedEvent = z.strictObject({
  id: eventId,
  /** When the server wrote it, by the server's clock. */
  at: instant,
  /** When it happened by the terminal's clock, if a terminal reported it. */
  happenedAt: instant.nullish(),
  terminal: terminalId.nullish(),
  terminalName: z.string().nullish(),
  personName: z.string().nullish(),
  personNumber: z.string().nullish(),
  actorName: z.string().nullish(),
  cardLabel: z.string().nullish(),
  /** Of persons (with their number), terminals and cards that the details name by their identifiers. */
  names: z.record(z.uuid(), z.string()).optional(),
  ...eventFacts.shape,
});
export type StoredEvent = z.infer<typeof storedEvent>;
