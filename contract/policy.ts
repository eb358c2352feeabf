import { z } from 'zod';
import { roles } from './api/row.ts';
import { assurance } from './card.ts';
import { substituteKind } from './cardless.ts';
import { secretFactor } from './screen.ts';

/** The sets of values that a policy starts from. Each value's clause and the limits around it are in `core/policy/profiles.ts`. */
export const profileName = z.enum(['jp-mhlw-6.0', 'nist-63b-4']);
export type ProfileName = z.infer<typeof profileName>;

const role = z.enum(roles);
/** Hours and minutes, `00:00` to `24:00`. */
const timeOfDay = z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/);
/** An IPv4 or IPv6 network, such as `10.20.0.0/16`. */
const network = z.union([z.cidrv4(), z.cidrv6()]);

/** What a login must look like for a rule to apply. What is left out applies to all; within a list, any one. */
const circumstances = z.strictObject({
  /** Roles of the person. */
  roles: z.array(role).min(1).max(5).optional(),
  /** Groups of terminals. */
  groups: z.array(z.string().trim().min(1).max(40)).min(1).max(100).optional(),
  /** Assurance of the card. */
  assurance: z.array(assurance).min(1).max(3).optional(),
  /** Networks that the terminal's address is in. */
  networks: z.array(network).min(1).max(100).optional(),
  /** Days (0 is Sunday) and times in the policy's time zone; `from` later than `to` goes past midnight, and the day is the one on which it begins. */
  hours: z
    .strictObject({ days: z.array(z.int().min(0).max(6)).min(1).max(7), from: timeOfDay, to: timeOfDay })
    .optional(),
});
export type Circumstances = z.infer<typeof circumstances>;

/** What a card must come with. `any`: one of the factors, `all`: every one of them, `refuse`: nothing opens. */
const demand = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('any'), factors: z.array(secretFactor).min(1).max(2) }),
  z.strictObject({ kind: z.literal('all'), factors: z.array(secretFactor).min(1).max(2) }),
  z.strictObject({ kind: z.literal('refuse') }),
]);
export type Demand = z.infer<typeof demand>;

const factorRule = z.strictObject({
  /** For people to read; also the reason in the log when the rule refuses. */
  name: z.string().trim().min(1).max(60),
  when: circumstances.prefault({}),
  demand,
});
export type FactorRule = z.infer<typeof factorRule>;

/** Acts that a second person has to approve before they take effect. */
export const fourEyesAct = z.enum([
  'first-binding',
  'rebinding',
  'roles',
  'policy',
  'emergency-codes',
  'card-authorities',
]);
export type FourEyesAct = z.infer<typeof fourEyesAct>;

/** Rules that the server decides by; the part that a terminal must know is sent to it when it connects. */
export const policy = z.strictObject({
  profile: profileName.default('jp-mhlw-6.0'),
  /** IANA time zone of the hospital, for hours in rules and for times that people read. */
  timeZone: z.string().max(60).default('Asia/Tokyo'),
  /** Extension of the helpdesk in digits, or any other way to reach it as it is to be shown; on every refusal. */
  helpdesk: z.string().max(40).default('2119'),
  /** The first rule whose circumstances fit decides; without one, a card and PIN or TOTP. */
  factors: z.array(factorRule).max(100).default([]),
  /**
   * For so many minutes after a session ended at a terminal, its card alone opens the same terminal for the same person.
   * Off by default. Ended by another card, revocation, idle limit, sleep, or a restart of guard or screen.
   */
  grace: z
    .strictObject({ minutes: z.int().min(0).max(60).default(0), roles: z.array(role).max(5).default(['clinician']) })
    .prefault({}),
  pin: z
    .strictObject({
      /** A PIN that the server checks counts as a password: 8 (MHLW 6.0 Q&A シQ-54 c; SP 800-63B-4 3.1.1.2). */
      shortest: z.int().min(4).max(64).default(8),
      longest: z.int().min(4).max(64).default(12),
      /** How long a single-use initial secret may be used. */
      initialHours: z.int().min(1).max(336).default(72),
    })
    .prefault({}),
  tries: z
    .strictObject({
      /** Wrong tries in a row after which a factor is locked for a while. */
      soft: z.int().min(1).max(20).default(5),
      /** Length of the first lock; each further one is twice as long as the one before, up to `longestLockMinutes`. */
      lockSeconds: z.int().min(1).max(3600).default(60),
      longestLockMinutes: z.int().min(1).max(1440).default(60),
      /** Wrong tries in a row after which factor and card are disabled until helpdesk binds them anew (SP 800-63B-4 3.2.2: at most 100). */
      hard: z.int().min(1).max(100).default(20),
      /** Wrong tries in a row at one terminal, of whomever, after which that terminal pauses before each further one. */
      terminal: z.int().min(1).max(100).default(30),
      /** Longest such pause. */
      terminalPauseSeconds: z.int().min(1).max(300).default(30),
    })
    .prefault({}),
  attempt: z.strictObject({ seconds: z.int().min(5).max(300).default(60) }).prefault({}),
  session: z
    .strictObject({
      /** Overall limit (SP 800-63B-4 2.3.3: at most 12 hours). */
      minutes: z.int().min(1).max(1440).default(720),
      /** Idle limit; the screen warns `warnSeconds` before. */
      idleSeconds: z.int().min(5).max(3600).default(600),
      warnSeconds: z.int().min(2).max(120).default(20),
      /** A person who logs in at a second terminal: both stay open, the first one ends, or the person is asked. */
      elsewhere: z.enum(['allow', 'end-first', 'ask']).default('allow'),
    })
    .prefault({}),
  /** How long after its last contact a terminal may decide by itself, for whom, and with which cards. */
  offline: z
    .strictObject({
      hours: z.int().min(0).max(720).default(24),
      roles: z.array(role).max(5).default(['clinician']),
      assurance: z.array(assurance).max(3).default(['identifier', 'keyed', 'pki']),
    })
    .prefault({}),
  cards: z
    .strictObject({
      /**
       * A card that takes longer than this to sign (milliseconds) counts as slow: one that is far away and reached through
       * somebody else's radio is. Kinds of cards and readers differ: look at what the log has first.
       */
      slowProofMilliseconds: z.int().min(20).max(5_000).default(1_000),
      /** The log notes a slow one in any case. */
      refuseSlowProofs: z.boolean().default(false),
    })
    .prefault({}),
  /** Loan cards and codes for a lost or forgotten card. */
  substitutes: z
    .strictObject({
      /** Without one of them there are none. */
      kinds: z.array(substituteKind).max(2).default(['loan-card', 'code']),
      hours: z.int().min(1).max(168).default(12),
      uses: z.int().min(1).max(1000).default(60),
      /** True: whoever logs in by a substitute has the rights of a clinician alone. */
      fewerRights: z.boolean().default(true),
    })
    .prefault({}),
  emergency: z
    .strictObject({
      /** Sealed one-time codes open a terminal. */
      codes: z.boolean().default(true),
      /** A second person may approve with card and factor of their own. */
      witness: z.boolean().default(true),
      /** Overall limit of a session that was opened so. */
      minutes: z.int().min(1).max(720).default(60),
    })
    .prefault({}),
  /** Acts that take a second person, as does taking one of them from this list. `rebinding` is also settled by the owner's own card and factor at the terminal. */
  fourEyes: z.array(fourEyesAct).max(6).default(['rebinding', 'emergency-codes']),
  console: z
    .strictObject({
      minutes: z.int().min(5).max(1440).default(720),
      idleMinutes: z.int().min(1).max(240).default(30),
    })
    .prefault({}),
  /** What SCIM clients may do. */
  directory: z
    .strictObject({
      /** Roles that a group of a directory may give, and that somebody may have whom a directory brings back. */
      roles: z.array(role).max(5).default(['clinician', 'helpdesk']),
    })
    .prefault({}),
  /** When the disk of a terminal is full: nobody gets in there, or it goes on in the room that it keeps for its journal. */
  journal: z.strictObject({ whenFull: z.enum(['strict', 'emergency']).default('strict') }).prefault({}),
  retention: z
    .strictObject({
      /** Whole months of the log that are kept. */
      eventMonths: z.int().min(1).max(240).default(60),
      /** Days for which ended attempts, sessions and enrolment steps are kept beside the log. */
      workDays: z.int().min(1).max(3650).default(90),
    })
    .prefault({}),
});
export type Policy = z.infer<typeof policy>;
export type PolicyInput = z.input<typeof policy>;

/** What a terminal needs of it. */
export const terminalPolicy = z.strictObject({
  pin: z.strictObject({ shortest: z.int(), longest: z.int() }),
  idleSeconds: z.int(),
  warnSeconds: z.int(),
  helpdesk: z.string(),
  whenFull: z.enum(['strict', 'emergency']),
  /** Logins without the server: for how long after a login with it, for whom, and how many wrong tries in a row. */
  offline: z.strictObject({
    hours: z.int(),
    roles: z.array(role),
    assurance: z.array(assurance),
    tries: z.int(),
    /** Overall limit of a session. */
    minutes: z.int(),
  }),
  /** Ways in without a card of one's own that policy has. */
  ways: z.strictObject({ substitute: z.boolean(), emergency: z.boolean(), witness: z.boolean() }),
});
export type TerminalPolicy = z.infer<typeof terminalPolicy>;
