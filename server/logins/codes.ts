import { randomInt } from 'node:crypto';
import { fail } from '#contract/errors.ts';
import type { PersonId, TerminalId } from '#contract/ids.ts';
import type { CodeKind } from '#core/policy/code-tries.ts';
import { normaliseDigits } from '#core/policy/digits.ts';
import { makeSupportCode } from '../credentials.ts';
import type { ServerDeps } from '../deps.ts';
import { countCode, isGuessedAt } from '../store/code-tries.ts';
import { record } from '../store/events.ts';

/** Digits of each kind of code: 39 and 66 bits. */
const digits: Readonly<Record<CodeKind, number>> = { substitute: 12, emergency: 20 };

/** Random digits, each as likely as any other. */
export const makeCode = (kind: CodeKind): string =>
  Array.from({ length: digits[kind] }, () => String(randomInt(10))).join('');

/** As it is printed and read aloud: groups of four. */
export const writeCode = (code: string): string => code.replace(/(.{4})(?=.)/g, '$1-');

const factorOf = { substitute: 'substitute-code', emergency: 'emergency-code' } as const;

/** Codes that are typed at terminals: counted before they are looked at, and refused alike whatever is wrong with them. */
export const createCodes = (deps: ServerDeps, kind: CodeKind) => ({
  /** What was typed, as it is looked up; or how long the terminal has to wait. Whatever it is, it is counted. */
  take: async (terminal: TerminalId, typed: string) => {
    const now = deps.now();
    const until = await countCode(deps.database, now, terminal, kind);
    if (until !== undefined)
      return fail('SERVER_BUSY', { retryAfterSeconds: Math.ceil((until - now.getTime()) / 1000) });
    return { ok: true as const, value: deps.secrets.codeIndexes(kind, normaliseDigits(typed) ?? '') };
  },

  refuse: async (
    terminal: TerminalId,
    reason: string,
    person: PersonId | null,
    detail: Record<string, string> = {},
  ) => {
    const supportCode = makeSupportCode();
    await deps.database.transaction(async (tx) => {
      const now = deps.now();
      const what = { what: kind, ...detail };
      await record(tx, now, {
        kind: 'code.refused',
        outcome: 'minor',
        terminal,
        person,
        supportCode,
        factors: [factorOf[kind]],
        reason,
        detail: what,
      });
      if (!(await isGuessedAt(tx, now, kind))) return;
      await record(tx, now, { kind: 'code.guessed-at', outcome: 'major', terminal, detail: { what: kind } });
    });
    return fail('CODE_REFUSED', { supportCode });
  },
});
