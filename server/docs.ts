import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { api, gateFailures, type RouteName } from '#contract/api/index.ts';
import type { Row } from '#contract/api/row.ts';
import { eventKinds } from '#contract/audit.ts';
import { failures } from '#contract/errors.ts';

const rows = Object.entries(api) as [RouteName, Row][];
const head = (title: string, about: string): string =>
  `# ${title}\n\n${about}\n\nGenerated from the tables in \`contract/\` by \`node server/docs.ts\`; a test holds it fresh.\n\n`;
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const table = (columns: readonly string[], lines: readonly (readonly string[])[]): string =>
  [columns, columns.map(() => '---'), ...lines].map((line) => `| ${line.map(cell).join(' | ')} |`).join('\n');
const code = (text: string): string => `\`${text}\``;

const senders = {
  anyone: 'anyone',
  terminal: 'a terminal, by its client certificate',
  directory: 'a directory, by its bearer token',
} as const;
const describeSender = ({ sender }: Row): string => (typeof sender === 'string' ? senders[sender] : sender.join(', '));

const toCall = ([name, row]: readonly [RouteName, Row]): string => {
  const own = row.failures.map(code).join(', ');
  return [
    `### ${name}`,
    `${code(`${row.method} ${row.path}`)}  \n${row.summary}`,
    [
      `- Who: ${describeSender(row)}`,
      `- Event: ${row.event === null ? 'none' : code(row.event)}`,
      ...(own === '' ? [] : [`- Failures of its own: ${own}`]),
    ].join('\n'),
  ].join('\n\n');
};

const toApiPage = (): string => {
  const areas = Map.groupBy(rows, ([name]) => name.split('/')[0]);
  const parts = [...areas].map(([area, calls]) => `## ${area}\n\n${calls.map(toCall).join('\n\n')}`);
  const gate = gateFailures.map(code).join(', ');
  const about =
    'Every HTTP call of the server. Bodies are JSON; a refusal has the body `{ "failure": { "code": … } }` and the HTTP ' +
    'status of its code (see failures.md); under `/scim/v2` it has the form of RFC 7644 and the code at the head of `detail`. ' +
    'The schemas, with examples, are in the OpenAPI 3.1 document that a running server gives at `/openapi.json`. ' +
    `In front of every call stands the gate, which can answer ${gate}.`;
  return `${head('Calls', about)}${parts.join('\n\n')}\n`;
};

const toEventsPage = (): string => {
  const lines = Object.entries(eventKinds).map(([kind, { dicom, meaning }]) => [
    code(kind),
    meaning,
    dicom.join(' / '),
    rows.flatMap(([name, row]) => (row.event === kind ? [code(name)] : [])).join(', '),
  ]);
  const about = 'The closed vocabulary of the log, with the event identifier and type of DICOM PS3.15 A.5.3.';
  return `${head('Events', about)}${table(['kind', 'meaning', 'DICOM', 'written by'], lines)}\n`;
};

const toFailuresPage = (): string => {
  const lines = Object.entries(failures).map(([name, { status, retry, outcome, meaning }]) => [
    code(name),
    String(status),
    retry ? 'yes' : 'no',
    outcome,
    meaning,
  ]);
  const about = 'Every failure that crosses a process or a wire. Codes are never reused.';
  return `${head('Failures', about)}${table(['code', 'HTTP', 'same again?', 'outcome', 'meaning'], lines)}\n`;
};

/** Generated pages by their path in the repository. */
export const createPages = (): ReadonlyMap<string, string> =>
  new Map([
    ['docs/api.md', toApiPage()],
    ['docs/events.md', toEventsPage()],
    ['docs/failures.md', toFailuresPage()],
  ]);

export const findPage = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

if (import.meta.main) for (const [path, text] of createPages()) writeFileSync(findPage(path), text);
