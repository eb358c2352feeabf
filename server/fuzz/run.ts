import assert from 'node:assert/strict';
import { api, type RouteName } from '#contract/api/index.ts';
import { type Row, roles } from '#contract/api/row.ts';
import { pushed } from '#contract/api/terminals.ts';
import { goodPin } from '../testing-login.ts';
import { everybody, gateRefusal, isRole, type Who } from '../testing-senders.ts';
import { shapeOf } from '../testing-shapes.ts';
import { createCanaries, type Got, judge } from './judge.ts';
import { createPool } from './pool.ts';
import type { Made } from './process.ts';
import { createRequests, type Sent } from './requests.ts';
import { createSender, type FuzzSender } from './sender.ts';
import type { FuzzServer } from './server.ts';
import { taught, teachPerson, teachVocabulary, withCode } from './words.ts';

/** mulberry32. */
const createRandom = (start: number) => {
  let state = start | 0;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const routes = Object.entries(api) as [RouteName, Row][];
/** How often a route is sent: seldom what hashes, what stays open, and what takes away what others need. */
const weightOf = ([name, row]: [RouteName, Row]): number => {
  if (name.endsWith('stream')) return 0.05;
  if (name.includes('apply')) return 0.4;
  if (/revoke|disable|suspend|sign-out|remove|abandon|leave|cancel|withdraw|sessions\/end/.test(name)) return 0.2;
  if (name === 'attempts/prove') return 2;
  return row.failures.includes('SERVER_BUSY') ? 0.4 : 1;
};
type Choice = (drawn: number) => RouteName;
/** Chooses by weight, for a number from 0 to 1. */
const createChoice = (among: typeof routes): Choice => {
  let sum = 0;
  const ends = among.map((route) => {
    sum += weightOf(route);
    return sum;
  });
  return (drawn) => {
    const place = ends.findIndex((end) => drawn * sum < end);
    return (among[place] ?? assert.fail('there are no routes'))[0];
  };
};
const times = (count: number, who: Who): Who[] => Array.from({ length: count }, () => who);
const crowd: readonly Who[] = [
  ...roles,
  ...times(2, 'helpdesk'),
  ...times(3, 'admin'),
  ...times(1, 'auditor'),
  ...times(6, 'nobody'),
  ...times(6, 'terminal'),
  ...times(4, 'directory'),
];
/** A sender who hears this of a call that is theirs signs in or enrols anew. */
const cutOff = [
  'CONSOLE_SIGNED_OUT',
  'CONSOLE_ROLE_MISSING',
  'TERMINAL_REVOKED',
  'TERMINAL_DISABLED',
  'DIRECTORY_TOKEN_REFUSED',
];
/** So much of what somebody sends is theirs to send; the rest is anything, and stops at the gate for the most part. */
const ownShare = 0.6;
/** Requests between two looks after the server: its clock goes on, its log is read. */
const tendEvery = 2000;

export interface FuzzOptions {
  readonly seed: number;
  readonly requests: number;
  /** Milliseconds that an answer may take. */
  readonly slowest: number;
}

/** Sends requests made from the schemas, and judges each answer. */
export const runFuzz = async (server: FuzzServer, { seed, requests, slowest }: FuzzOptions) => {
  const random = createRandom(seed);
  const pool = createPool(random, taught);
  const about = await server.ask('about');
  const canaries = createCanaries();
  canaries.add(goodPin, about.folder, ...about.keys);
  let ahead = 0;
  const now = (): number => Date.now() + ahead;
  teachVocabulary(pool);
  const meet = async (number: number): Promise<void> => {
    const made = (await server.ask('clinician', { number })) as Made;
    canaries.add(made.seed, made.password, made.evidence.identifier);
    teachPerson(pool, made, now);
  };
  for (let number = 0; number < 10; number += 1) await meet(number);

  const makers = new Map(routes.map(([name], place) => [name, createRequests(name, seed + place * 100_000, pool)]));
  const answers = new Map(routes.map(([name, row]) => [name, shapeOf(row.answer, 'output')]));
  const reached = new Map<RouteName, Map<string, number>>(routes.map(([name]) => [name, new Map()]));
  const wrong: string[] = [];
  const complain = (what: string, from: string, sent: object, text = ''): void =>
    void wrong.push(`${what}\n  ${from}: ${JSON.stringify(sent).slice(0, 1500)}\n  ${text.slice(0, 500)}`);

  const all = createChoice(routes);
  const own = new Map(
    everybody.map((who) => [who, createChoice(routes.filter(([, row]) => gateRefusal(row, who) === undefined))]),
  );
  const draw = (who: Who): RouteName => (random() < ownShare ? (own.get(who) ?? all) : all)(random());
  let longest = 0;
  /** Judges an answer and keeps what it holds; the code that it came to. */
  const take = async (sender: FuzzSender, { members, ...sent }: Sent, got: Got) => {
    const { who, name, secrets } = sender;
    const isStream = sent.call.endsWith('/stream') && got.isStream;
    let judged: ReturnType<typeof judge> = isStream ? { code: 'OK' } : judge(sent.call, who, got);
    const hasOtherRoles = judged.wrong !== undefined && (await sender.hasOtherRoles());
    if (hasOtherRoles) judged = judge(sent.call, who, got, hasOtherRoles);
    const { code, body } = judged;
    longest = Math.max(longest, got.milliseconds);
    const own = secrets().some((one) => got.text.includes(one)) ? 'what the sender is known by' : undefined;
    const canary = canaries.find(got.text) ?? own;
    const late = got.milliseconds > slowest ? `took ${got.milliseconds.toFixed()} ms` : undefined;
    for (const what of [judged.wrong, canary, late]) {
      if (what !== undefined) complain(what, name, sent, `${got.status} ${got.text}`);
    }
    const codes = reached.get(sent.call);
    codes?.set(code, (codes.get(code) ?? 0) + 1);
    if (code === 'OK' && body) {
      pool.teach(withCode(pool.read(body, answers.get(sent.call) ?? {}, members), now), name);
    }
    return { code, body, isStream, hasOtherRoles };
  };

  let count = 0;
  const work = async (sender: FuzzSender): Promise<void> => {
    const { who, name } = sender;
    const makeOne = (call: RouteName): Sent => {
      const make = makers.get(call) ?? assert.fail(call);
      return make([name, ...(who === 'nobody' ? ['people'] : [])], sender.change(call));
    };
    /** Waits for a second person to approve it. */
    let again: Sent | undefined;
    while (count < requests && wrong.length < 20) {
      count += 1;
      const sent = (random() < 0.1 ? again : undefined) ?? makeOne(draw(who));
      const got = await sender.send(sent).catch((problem: Error) => {
        complain(`no answer: ${problem} ${problem.cause ?? ''}`, name, sent);
        return undefined;
      });
      const { code, body, isStream, hasOtherRoles } =
        got === undefined ? { code: 'cut' } : await take(sender, sent, got);
      if (code === 'APPROVAL_NEEDED') {
        const { approval } = (body as { failure: { approval?: string } }).failure;
        pool.teach({ 'approval id': approval });
        again = sent;
      }
      const isOwn = gateRefusal(api[sent.call], who) === undefined || (isRole(who) && code === 'CONSOLE_SIGNED_OUT');
      if (got === undefined || isStream || hasOtherRoles || (isOwn && cutOff.includes(code))) await sender.renew();
    }
  };
  const tend = async (): Promise<void> => {
    const { now: then, logged } = await server.ask('tend', { milliseconds: 31_000 });
    ahead = then - Date.now();
    for (const line of logged.split('\n')) {
      const what = /"level":(50|60)/.test(line) ? 'the log tells of a bug' : canaries.find(line);
      if (what !== undefined) complain(what, 'the log', {}, line);
    }
  };
  const connect = (who: Who, place: number): Promise<FuzzSender> => {
    const address = `127.0.2.${place + 1}`;
    if (who !== 'terminal' || place % 2 === 0) return createSender(server, pool, { who, address, ...about });
    let rest = '';
    const hear = (text: string): void => {
      const blocks = `${rest}${text}`.split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        // Between them stands how long each is (RFC 9112 7.1).
        const data = /(?:^|\r\n)data: ([^\r\n]*)/.exec(block)?.[1];
        if (data === undefined) continue;
        const told = pushed.safeParse(JSON.parse(data));
        if (!told.success) complain('the stream does not fit its schema', address, {}, block);
        if (told.data?.kind !== 'ceremony') continue;
        const { ceremony } = told.data.order;
        pool.teach({ 'ceremony id': ceremony, ceremony }, `terminal ${address}`);
      }
    };
    return createSender(server, pool, { who, address, ...about, hear });
  };
  const senders = await Promise.all(crowd.map(connect));
  const start = await server.ask('state');
  const [began, used] = [performance.now(), process.cpuUsage()];
  const working = Promise.all(senders.map(work));
  for (let tended = 0; count < requests && wrong.length < 20; ) {
    await Promise.race([working, new Promise((resolve) => setTimeout(resolve, 20))]);
    if (count < tended + tendEvery) continue;
    tended = count;
    await tend();
    await meet(tended);
  }
  await working;
  const seconds = (performance.now() - began) / 1000;
  await tend();
  for (const sender of senders) sender.close();
  const end = await server.ask('state');
  const perRoute = [...reached].map(([name, codes]) => ({
    name,
    sent: [...codes.values()].reduce((sum, each) => sum + each, 0),
    accepted: codes.get('OK') ?? 0,
    refused: (api[name] as Row).failures.filter((code) => codes.has(code)),
    codes: Object.fromEntries(codes),
  }));
  const { user, system } = process.cpuUsage(used);
  return { count, seconds, longest, cpuSeconds: (user + system) / 1e6, wrong, perRoute, start, end };
};

export type Found = Awaited<ReturnType<typeof runFuzz>>;
