import { z } from 'zod';

/** Rules that the server decides by; the part that a terminal must know is sent to it when it connects. */
export const policy = z.strictObject({
  profile: z.literal('jp-mhlw-6.0').default('jp-mhlw-6.0'),
  pin: z
    .strictObject({
      /** A PIN that the server checks counts as a password: 8 (MHLW 6.0 Q&A シQ-54 c; SP 800-63B-4 3.1.1.2). */
      shortest: z.int().min(4).max(64).default(8),
      longest: z.int().min(4).max(64).default(12),
    })
    .prefault({}),
  tries: z
    .strictObject({
      /** Wrong tries in a row after which a factor is locked for a while. */
      soft: z.int().min(1).max(20).default(5),
      lockMinutes: z.int().min(1).max(1440).default(15),
      /** Wrong tries in a row after which it is disabled until helpdesk acts (SP 800-63B-4 3.2.2: at most 100). */
      hard: z.int().min(1).max(100).default(20),
    })
    .prefault({}),
  attempt: z.strictObject({ seconds: z.int().min(5).max(300).default(60) }).prefault({}),
  session: z
    .strictObject({
      /** Overall limit (SP 800-63B-4 2.3.3: at most 12 hours). */
      minutes: z.int().min(1).max(720).default(720),
      /** Idle limit; the screen warns `warnSeconds` before. */
      idleSeconds: z.int().min(5).max(3600).default(600),
      warnSeconds: z.int().min(2).max(120).default(20),
    })
    .prefault({}),
  /** Extension of the helpdesk in digits, or any other way to reach it as it is to be shown; on every refusal. */
  helpdesk: z.string().max(40).default('2119'),
});
export type Policy = z.infer<typeof policy>;

/** What a terminal needs of it. */
export const terminalPolicy = z.strictObject({
  pin: policy.shape.pin.unwrap(),
  idleSeconds: z.int(),
  warnSeconds: z.int(),
  helpdesk: z.string(),
});
export type TerminalPolicy = z.infer<typeof terminalPolicy>;
