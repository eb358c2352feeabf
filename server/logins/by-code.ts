import type { Answer, Input } from '#contract/api/index.ts';
import { type Result, succeed } from '#contract/errors.ts';
import type { AttemptId } from '#contract/ids.ts';
import { makeSupportCode } from '../credentials.ts';
import type { ServerDeps } from '../deps.ts';
import type { TerminalSender } from '../routes/handlers.ts';
import { refuseSlowly } from '../sign-in.ts';
import { type CodeFacts, lookUpCode } from '../store/taps.ts';
import { createUuid } from '../store/uuid.ts';
import type { Begun } from './begun.ts';
import { createCodes } from './codes.ts';
import { createJudge, no } from './judge.ts';
import { judgeStanding } from './standing.ts';
import { sayBegun } from './tap.ts';
import type { Ticket } from './ticket.ts';

/** A substitute code is typed instead of holding a card: weaker than any card, so policy decides as for an `identifier`. */
export const createByCode = (deps: ServerDeps, begun: Begun) => {
  const codes = createCodes(deps, 'substitute');
  const judge = createJudge(deps);

  const judgeCode = ({ person, substitute, group, factors }: CodeFacts, address: string, now: number) => {
    if (!person || !substitute) return no('unknown-code');
    const standing = judgeStanding(deps.policy(), substitute, now);
    if (!standing.ok) return standing;
    const given = { person, group, factors, assurance: 'identifier', address, mayChoosePin: false } as const;
    const judged = judge(given, now);
    return judged.ok ? { ...judged, substitute: standing.substitute } : judged;
  };

  return (
    { lock, code }: Input<'attempts/begin-by-code'>['body'],
    { terminal, address }: TerminalSender,
  ): Promise<Result<Answer<'attempts/begin-by-code'>, 'CODE_REFUSED' | 'SERVER_BUSY'>> =>
    refuseSlowly(async () => {
      const taken = await codes.take(terminal, code);
      if (!taken.ok) return taken;
      const facts = await lookUpCode(deps.database, terminal, taken.value);
      const now = deps.now();
      const judged = judgeCode(facts, address, now.getTime());
      if (!judged.ok) return codes.refuse(terminal, judged.reason, facts.person?.id ?? null);
      const { person, factors, all, substitute } = judged;
      const ticket: Ticket = {
        attempt: createUuid(now) as AttemptId,
        terminal,
        lock,
        card: null,
        person: person.id,
        supportCode: makeSupportCode(),
        assurance: 'identifier',
        address,
        startedAt: now.getTime(),
        expiresAt: now.getTime() + deps.policy().attempt.seconds * 1000,
        factors: [...factors],
        all,
        substitute,
        returning: false,
        purpose: 'login',
        grace: null,
        proof: null,
      };
      begun.add(ticket, facts.factors);
      return succeed(sayBegun(deps.secrets, ticket, person));
    });
};
