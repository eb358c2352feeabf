import type { StoredEvent } from '#contract/audit.ts';
import { csvMark, toCsvLines } from './csv.ts';
import { detailOf, reasonOf, sentence } from './sentence.ts';
import { exactly } from './times.ts';
import type { Words } from './use-words.ts';

/** How lines of the log are written into a file. */
export interface LogFile {
  readonly type: 'text/csv' | 'application/jsonl';
  readonly head: string;
  readonly write: (events: readonly StoredEvent[]) => string;
}

/** For programs: one event as the contract has it on each line, times with their offset. */
export const logJsonLines: LogFile = {
  type: 'application/jsonl',
  head: '',
  write: (events) => events.map((event) => `${JSON.stringify(event)}\n`).join(''),
};

/** For people: words as the page has them, times of the hospital's zone with their offset. */
export const logCsv = (words: Words, zone: string | undefined): LogFile => {
  const { say } = words;
  const at = (instant: string | null | undefined): string => (instant == null ? '' : exactly(instant, zone));
  return {
    type: 'text/csv',
    head: `${csvMark}${toCsvLines([
      [
        say('log.fact.at'),
        say('log.fact.happened-at'),
        say('log.what'),
        say('log.fact.kind'),
        say('log.outcome'),
        say('log.person-number'),
        say('log.fact.person'),
        say('log.fact.actor'),
        say('log.terminal'),
        say('log.fact.card'),
        say('log.factors'),
        say('log.fact.reason'),
        say('log.support-code'),
        say('log.details'),
        say('log.fact.id'),
      ],
    ])}`,
    write: (events) =>
      toCsvLines(
        events.map((event) => [
          at(event.at),
          at(event.happenedAt),
          sentence(event, words),
          event.kind,
          say(`outcome.${event.outcome}`),
          event.personNumber ?? '',
          event.personName ?? '',
          event.actorName ?? '',
          event.terminalName ?? '',
          event.cardLabel ?? '',
          event.factors.map((factor) => say(`log.factor.${factor}`)).join(' + '),
          reasonOf(event, words) ?? '',
          event.supportCode ?? '',
          detailOf(event, words, zone)
            .map(([label, value]) => `${label}: ${value}`)
            .join('\n'),
          event.id,
        ]),
      ),
  };
};
