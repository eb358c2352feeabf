import { CsvError, parse } from 'csv-parse/sync';
import type { ImportProblem } from '#contract/api/imports.ts';
import { type Line, mostLines } from '#core/people/import.ts';

interface Parsed {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

/** Tab-separated, as a spreadsheet is pasted, when the first line has more tabs than commas. */
const findDelimiter = (text: string): ',' | '\t' => {
  const first = text.slice(0, 2000).split(/\r|\n/, 1)[0] ?? '';
  return first.split('\t').length > first.split(',').length ? '\t' : ',';
};

/** The lines of a CSV text (RFC 4180), each with its number in the file; or where its quotes go wrong. */
export const readCsv = (text: string): { readonly lines: readonly Line[] } | { readonly problem: ImportProblem } => {
  try {
    const parsed = parse(text, {
      bom: true,
      delimiter: findDelimiter(text),
      info: true,
      relaxColumnCount: true,
      skipEmptyLines: true,
      skipRecordsWithEmptyValues: true,
      maxRecordSize: 10_000,
      // One more than may be, so that too many are seen as such.
      to: mostLines + 2,
    }) as unknown as Parsed[];
    return { lines: parsed.map(({ record, info }) => ({ line: info.lines, cells: record })) };
  } catch (problem) {
    if (!(problem instanceof CsvError)) throw problem;
    const { lines } = problem as CsvError & { readonly lines?: number };
    const rule = problem.code === 'CSV_MAX_RECORD_SIZE' ? 'too-long' : 'quotes';
    return {
      problem: { line: typeof lines === 'number' ? Math.max(1, lines) : null, column: null, rule, other: null },
    };
  }
};
