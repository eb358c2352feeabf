import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StoredEvent } from '#contract/audit.ts';
import { clock, type Step } from './teller.ts';

/** Where each process wrote, in the folder of what was started. */
const logs = ['server/log', 'terminal/log', 'display', 'keyring', 'log'] as const;

/** Copies the logs of every process out of what will be removed. */
export function keepLogs(work: string, folder: string): void {
  const kept = join(folder, 'logs');
  rmSync(kept, { recursive: true, force: true });
  for (const from of logs) {
    if (!existsSync(join(work, from))) continue;
    const to = join(kept, from.split('/')[0] ?? from);
    mkdirSync(to, { recursive: true });
    cpSync(join(work, from), to, {
      recursive: true,
      filter: (path) => path === join(work, from) || /\.log(\.\d+)?$/.test(path),
    });
  }
}

/** The hospital's log of the story, as the server keeps it, oldest first: one JSON object a line. */
export function writeEvents(folder: string, events: readonly StoredEvent[]): void {
  writeFileSync(join(folder, 'events.jsonl'), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
}

const marks = { held: '✓', failed: '✗', interrupted: '–' } as const;

/** `tour.md` for people, `steps.jsonl` for programs. */
export function writeReport(folder: string, steps: readonly Step[], took: number): void {
  const lines: string[] = [`# Kazasu: the tour`, '', `${steps.length} steps in ${clock(took)}.`, ''];
  let chapter = '';
  for (const step of steps) {
    if (step.chapter !== chapter) lines.push(`## ${step.chapter}`, '');
    chapter = step.chapter;
    lines.push(
      `**${step.number}.** ${marks[step.result]} ${step.words} — at ${clock(step.at)}, ${(step.took / 1000).toFixed(1)} s`,
      '',
    );
    for (const fact of step.seen) lines.push(`- ${fact}`);
    if (step.seen.length > 0) lines.push('');
    for (const picture of step.pictures) lines.push(`![${picture}](${picture})`, '');
  }
  writeFileSync(join(folder, 'tour.md'), lines.join('\n'));
  writeFileSync(join(folder, 'steps.jsonl'), steps.map((step) => `${JSON.stringify(step)}\n`).join(''));
}
