import { cpSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { node, root } from '#setup/paths.ts';
import { run } from '#setup/run.ts';
import { readAccount } from './account.ts';
import { check } from './check/checker.ts';
import type { Findings, LoggedEvent, Violation } from './check/findings.ts';
import { type FoundRecord, readJournal } from './journal.ts';
import type { Schedule } from './schedule.ts';
import { openSite, type Site } from './site.ts';
import { runStorm } from './storm.ts';
import type { Terminal } from './terminal.ts';
import { startWork, type Working } from './work.ts';

export interface Played {
  readonly violations: readonly Violation[];
  /** What happened, in numbers. */
  readonly figures: Readonly<Record<string, number | string>>;
}

export interface PlayOptions {
  readonly tell: (line: string) => void;
  /** Ends the storm early; everything is healed, checked and taken away all the same. */
  readonly signal?: AbortSignal;
  /** Folder that receives what was promised, the exported log and what the processes wrote. */
  readonly evidence?: string;
  /** Spoils something before it is checked, to see whether the checker finds it. */
  readonly tamper?: (site: Site) => Promise<void>;
}

/** What policy says, and how long a lock may take on a machine that is busy with all of this. */
const bounds = { offlineHours: 24, lock: 2_500 };

/** Recovery may take this long after the last fault (milliseconds): pauses between tries grow to half a minute. */
const patience = 60_000;

/** Plays a schedule on a fresh site, and says what was not as it was promised. */
export const play = async (schedule: Schedule, options: PlayOptions): Promise<Played> => {
  const { tell } = options;
  tell('a hospital is set up');
  const site = await openSite();
  try {
    const signal = options.signal ?? new AbortController().signal;
    const began = performance.now();
    const working = startWork(site, schedule.seed);
    tell('work begins');
    await runStorm(site, schedule, tell, signal);
    tell('the last fault is healed');
    const healed = performance.now();
    await working.stop();
    const recovered = await recover(site, healed);
    tell('everything is read and checked');
    await options.tamper?.(site);
    const findings = await gather(site, working, recovered);
    const violations = check(findings, bounds);
    const figures = summarise(schedule, findings, working, performance.now() - began);
    return { violations, figures };
  } finally {
    if (options.evidence !== undefined) keepEvidence(site, options.evidence);
    await site.stop();
  }
};

const keepEvidence = ({ database, folder }: Site, to: string): void => {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  const found = globSync(['*.jsonl', '*.log', '*/log/*.log'], { cwd: folder });
  for (const path of found) cpSync(join(folder, path), join(to, path.replaceAll('/', '-')));
  for (const path of database.logs()) cpSync(path, join(to, basename(path)));
};

/** Everybody may come again, and somebody is let in at every terminal with the server's word. */
const recover = async (site: Site, since: number): Promise<Findings['recovered']> => {
  const [careful, ...others] = site.people;
  for (const person of others) {
    const params = { person: person.id };
    const { person: shown } = await site.admin.must('people/show', { params }, patience);
    if (shown.state === 'suspended') {
      site.account.write({ kind: 'asked', act: -1, what: 'resume', number: person.number });
      await site.admin.ask('people/resume', { params, body: { reason: '復職' } });
    }
  }
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
  const after = await Promise.all(all.map(letIn));
  return Object.fromEntries(all.map(({ name }, place) => [name, after[place] ?? null]));
};

const fetchExport = async ({ auditor }: Site): Promise<string> => {
  const first = await auditor.must('log/export', {});
  let { text } = first;
  for (let { next, size } = first; next !== null; ) {
    const page = await auditor.must('log/export', { query: { next, size } } as never);
    text += page.text;
    next = page.next;
  }
  return text;
};

const exportOf = ({ folder }: Site): string => join(folder, 'export.jsonl');

const parseEvents = (text: string): LoggedEvent[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{"position"'))
    .map((line) => (JSON.parse(line) as { event: LoggedEvent }).event);

const last = (records: readonly FoundRecord[]): string | undefined => records.at(-1)?.hash;

/** Waits until the log holds what the terminals have, as long as it comes nearer. */
const gather = async (site: Site, working: Working, recovered: Findings['recovered']): Promise<Findings> => {
  const all = Object.values(site.terminals);
  const read = (): Record<string, FoundRecord[]> =>
    Object.fromEntries(all.map(({ name, ward }) => [name, readJournal(join(ward.folder, 'journal'))]));
  let text = '';
  let journals = read();
  for (const end = performance.now() + patience; ; await delay(500)) {
    journals = read();
    text = await fetchExport(site);
    const there = new Set(parseEvents(text).map(({ hash }) => hash));
    const isThere = Object.values(journals).every((records) => there.has(last(records) ?? null));
    if (isThere || performance.now() > end) break;
  }
  return {
    entries: readAccount(site.path),
    events: parseEvents(text),
    journals,
    terminals: Object.fromEntries(all.map(({ name, ward }) => [name, ward.id()])),
    people: Object.fromEntries(site.people.map(({ number, id }) => [number, id])),
    verified: await verify(site, text, working),
    recovered,
  };
};

/** By the command that an inspector uses, with checkpoints that the desk kept during the run. */
const verify = async (site: Site, text: string, { checkpoints }: Working): Promise<Findings['verified']> => {
  const path = exportOf(site);
  writeFileSync(path, text);
  const restoredAt = readAccount(site.path).findLast(({ kind }) => kind === 'restored')?.at ?? 0;
  const kept = checkpoints.filter(({ at }) => at > restoredAt).slice(-20);
  const words = kept.flatMap(({ note }, place) => {
    const file = join(site.folder, `checkpoint-${place}`);
    writeFileSync(file, note);
    return ['--checkpoint', file];
  });
  const { ok, out, error } = await run(node, [join(root, 'server', 'verify-log.ts'), path, ...words], {
    within: 60_000,
  });
  return { ok, said: `${out}${error}`.trim() };
};

const summarise = (
  { faults }: Schedule,
  { events, entries, recovered }: Findings,
  { checkpoints, ends }: Working,
  took: number,
): Played['figures'] => {
  const count = (kind: string): number => events.filter((event) => event.kind === kind).length;
  return {
    seconds: Math.round(took / 1_000),
    faults: faults.length,
    ...ends,
    'opened without the server': count('offline.opened'),
    'contested afterwards': count('offline.contested'),
    'link lost': count('link.lost'),
    'guard started': count('guard.started'),
    'acts of the desk': entries.filter(({ kind }) => kind === 'done').length,
    'checkpoints kept': checkpoints.length,
    'lines of the log': events.length,
    'recovered after': Object.values(recovered)
      .map((after) => (after === null ? 'never' : `${(after / 1_000).toFixed(1)} s`))
      .join(', '),
  };
};
