import { setTimeout as delay } from 'node:timers/promises';
import { createRandom } from './random.ts';
import type { Site } from './site.ts';
import type { LoginEnd, Person, Terminal } from './terminal.ts';

/** How often each end came, at all terminals. */
export type Ends = Record<LoginEnd, number>;

export interface Working {
  readonly ends: Readonly<Ends>;
  /** Checkpoints of the log that the desk was shown, with the time at which it was (milliseconds since 1970). */
  readonly checkpoints: readonly { readonly at: number; readonly note: string }[];
  /** Resolves when everybody has finished what they were at. */
  stop(): Promise<void>;
}

const habits = { right: 60, mistyped: 18, wrong: 6, unknown: 10 } as const;
const errands = { add: 60, suspend: 40 } as const;

/** People come to both terminals, and the desk has its errands, all of it following from the seed. */
export const startWork = (site: Site, seed: number): Working => {
  const ends: Ends = { opened: 0, wrong: 0, refused: 0, 'not-ready': 0, 'no-answer': 0 };
  const checkpoints: { at: number; note: string }[] = [];
  let stopped = false;

  const use = async (terminal: Terminal): Promise<void> => {
    const random = createRandom(seed, `people at ${terminal.name}`);
    const [careful, ...others] = site.people as [Person, ...Person[]];
    const note = (end: LoginEnd): LoginEnd => {
      ends[end] += 1;
      return end;
    };
    while (!stopped) {
      const habit = random.weighted(habits);
      const person = random.pick(others);
      const stay = random.next() < 0.2 ? random.whole(2_000, 5_000) : random.whole(100, 1_200);
      if (habit === 'unknown') note(await terminal.holdUnknown());
      else if (habit === 'right') {
        const who = random.next() < 0.4 ? careful : person;
        if (note(await terminal.logIn(who, 'right')) === 'opened') await delay(stay);
      } else {
        note(await terminal.logIn(person, 'wrong'));
        if (habit === 'mistyped' && note(await terminal.logIn(person, 'right')) === 'opened') await delay(stay);
      }
      await terminal.leave();
      await delay(random.whole(50, 400));
    }
  };

  let acts = 0;
  /** One act of the desk; whether it is known to be done. */
  const act = async (what: string, number: string, ask: () => Promise<{ ok: boolean } | undefined>) => {
    const own = ++acts;
    site.account.write({ kind: 'asked', act: own, what, number });
    const answer = await ask();
    if (answer?.ok === true) site.account.write({ kind: 'done', act: own });
    return answer?.ok === true;
  };
  const suspend = async (person: Person, away: number): Promise<void> => {
    const params = { person: person.id };
    await act('suspend', person.number, () => site.admin.ask('people/suspend', { params, body: { reason: '休職' } }));
    const end = performance.now() + away;
    while (!stopped && performance.now() < end) await delay(50);
    const resume = () => site.admin.ask('people/resume', { params, body: { reason: '復職' } });
    while (!(await act('resume', person.number, resume)) && !stopped) await delay(300);
  };
  const look = async (): Promise<void> => {
    const at = Date.now();
    const shown = await site.admin.ask('log/show');
    if (shown?.ok === true && shown.value.checkpoint !== null) checkpoints.push({ at, note: shown.value.checkpoint });
  };
  const doErrands = async (): Promise<void> => {
    const random = createRandom(seed, 'desk');
    for (let count = 0; !stopped; count += 1) {
      const errand = random.weighted(errands);
      const person = random.pick(site.people.slice(1));
      const away = random.whole(1_000, 6_000);
      if (errand === 'suspend') await suspend(person, away);
      else {
        const body = { number: `2${String(count).padStart(5, '0')}`, name: '新人 七子', kana: 'シンジン ナナコ' };
        await act('add', body.number, () => site.admin.ask('people/add', { body: { ...body, roles: ['clinician'] } }));
      }
      await look();
      await delay(random.whole(300, 1_500));
    }
  };

  const all = Promise.all([...Object.values(site.terminals).map(use), doErrands()]);
  all.catch(() => undefined);
  return {
    ends,
    checkpoints,
    async stop() {
      stopped = true;
      await all;
    },
  };
};
