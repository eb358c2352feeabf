/**
 * What a spreadsheet would take for a formula or a command: it begins with one of these, also in full width or behind
 * spaces. A quote in front of it makes it text. A plain number is none.
 */
const formula = /^[\s\p{Cf}]*[=+\-@＝＋－＠|%]|^[\t\r\n]/u;

const plainNumber = /^-\d+(\.\d+)?$/;

const cellOf = (value: string): string => {
  const safe = formula.test(value) && !plainNumber.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** The mark by which spreadsheets know UTF-8; begins a file. */
export const csvMark = '\uFEFF';

/** Lines of a CSV text (RFC 4180) whose cells are text and nothing else. */
export const toCsvLines = (rows: readonly (readonly string[])[]): string =>
  rows.map((row) => `${row.map(cellOf).join(',')}\r\n`).join('');

/** A whole CSV file. */
export const toCsv = (rows: readonly (readonly string[])[]): string => `${csvMark}${toCsvLines(rows)}`;
