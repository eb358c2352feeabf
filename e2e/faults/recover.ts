import { setTimeout as delay } from 'node:timers/promises';
import type { Findings } from './check/findings.ts';
import type { Site } from './site.ts';
import type { Terminal } from './terminal.ts';

/**
 * What comes back by itself after the last fault, and when: the desk does its work, and somebody is let in at every terminal
 * with the server's word. Everybody is asked back who is still suspended.
 */
export const recover = async (site: Site, since: number, patience: number): Promise<Findings['recovered']> => {
  const [careful, ...others] = site.people;

  const resumeAll = async (): Promise<number> => {
    for (const person of others) {
      const params = { person: person.id };
      const { person: shown } = await site.admin.must('people/show', { params }, patience);
      if (shown.state !== 'suspended') continue;
      site.account.write({ kind: 'asked', act: 0, what: 'resume', number: person.number });
      await site.admin.must('people/resume', { params, body: { reason: '復職' } }, patience);
    }
    return performance.now() - since;
  };
  const letIn = async (terminal: Terminal): Promise<number | null> => {
    const end = since + patience;
    while (performance.now() < end && careful !== undefined) {
      const opened =
        terminal.isOnline() && (await terminal.logIn(careful, 'right')) === 'opened' && terminal.isOnline();
      const after = performance.now() - since;
      await terminal.leave();
      if (opened) return after;
      await delay(100);
    }
    return null;
  };
  const all = Object.values(site.terminals);
  const [desk, ...after] = await Promise.all([resumeAll().catch(() => null), ...all.map(letIn)]);
  return { desk, ...Object.fromEntries(all.map(({ name }, place) => [name, after[place] ?? null])) };
};
