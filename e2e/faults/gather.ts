import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { node, root } from '#setup/paths.ts';
import { run } from '#setup/run.ts';
import { readAccount } from './account.ts';
import type { Findings, LoggedEvent } from './check/findings.ts';
import { type FoundRecord, readJournal } from './journal.ts';
import type { Site } from './site.ts';
import type { Working } from './work.ts';

const fetchExport = async ({ auditor }: Site): Promise<string> => {
  const first = await auditor.must('log/export', {});
  let { text } = first;
  for (let { next, size } = first; next !== null; ) {
    const page = await auditor.must('log/export', { query: { from: 0, next, size } });
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
export const gather = async (
  site: Site,
  {
    checkpoints,
    patience,
    recovered,
  }: { readonly patience: number } & Pick<Findings, 'recovered'> & Pick<Working, 'checkpoints'>,
): Promise<Findings> => {
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
    verified: await verify(site, text, checkpoints),
    recovered,
  };
};

/** By the command that an inspector uses, with checkpoints that the desk kept during the run. */
const verify = async (site: Site, text: string, checkpoints: Working['checkpoints']): Promise<Findings['verified']> => {
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
