import { globSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { pathToFileURL } from 'node:url';
import { checkAll } from './check.ts';
import { root } from './paths.ts';
import { startTestCluster } from './test-cluster.ts';

/** What `npm test` runs. A test file belongs to the first suite whose name fits it. */
interface Suite {
  readonly name: string;
  readonly holds: (file: string) => boolean;
  /** Files at a time. One where a file measures how soon a screen covers, and needs the processor for itself. */
  readonly atOnce: number;
  /** Seconds until one file counts as hanging. */
  readonly within: number;
  /** Whether its files share a PostgreSQL. */
  readonly needsCluster?: boolean;
  /** Its files take what processors others leave: so many at a time while another suite runs beside it, and at a lower priority. */
  readonly yields?: number;
  /** Whether its files wait for processes and clocks, so that a busy machine may be why one fails. */
  readonly waits?: boolean;
}

const suites: readonly Suite[] = [
  { name: 'release', holds: (file) => file.startsWith('e2e/release/'), atOnce: 1, within: 300 },
  {
    name: 'screen',
    holds: (file) => /^e2e\/(curtain\/(?!session-hooks)|agent\/screen-cover|gallery\/).*\.e2e\./.test(file),
    atOnce: 1,
    within: 600,
    waits: true,
  },
  // A whole product waits more than it works; more of them on two cores wait for each other.
  { name: 'e2e', holds: (file) => file.endsWith('.e2e.test.ts'), atOnce: 2, within: 600, waits: true },
  {
    name: 'int',
    holds: (file) => file.endsWith('.int.test.ts'),
    atOnce: 3,
    // A hundred thousand requests beside other work.
    within: 2_400,
    needsCluster: true,
    yields: 2,
    waits: true,
  },
  { name: 'unit', holds: () => true, atOnce: 2, within: 120 },
];
/** One after the other; what stands together runs at the same time: what waits lets the other work. */
const order = [['unit'], ['e2e', 'int'], ['screen'], ['release']];

interface Counts {
  passed: number;
  failed: number;
}

const took = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;

/** What takes longest begins first: none of it is left over for one worker at the end. */
const long = [
  'server/fuzz/',
  'server/killed',
  'server/routes/every-route',
  'e2e/faults/',
  'e2e/guard/keys',
  'server/start',
  'e2e/guard/certificates',
  'e2e/tour/',
  'e2e/desk/',
  'e2e/curtain/session-hooks',
  'e2e/agent/console-tasks',
  'e2e/console/audit',
  'e2e/console/revocation-and-log',
  'e2e/agent/cardless',
  'e2e/console/passkeys',
  'e2e/agent/login',
];
const rank = (file: string): number => {
  const place = long.findIndex((part) => file.startsWith(part));
  return place === -1 ? long.length : place;
};

function listFiles(suite: Suite, parts: readonly string[]): string[] {
  return globSync('**/*.test.ts', { cwd: root, exclude: (name) => ['node_modules', 'dist', '.cache'].includes(name) })
    .filter((file) => suites.find((one) => one.holds(file)) === suite)
    .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
    .sort((one, other) => rank(one) - rank(other) || one.localeCompare(other));
}

/** What has been compiled once need not be compiled again by every process of every file. */
const shared = { ...process.env, NODE_COMPILE_CACHE: join(root, '.cache', 'compiled') };

/** Of a process that yields to others, and of all that it starts. */
const yielding = `--import=${pathToFileURL(join(root, 'setup', 'yield.ts')).href}`;

/** What failed: a file of a suite, or one of the checks. */
interface Failure extends Counts {
  readonly suite?: Suite;
  readonly file: string;
  readonly said: string;
}

async function runSuite(suite: Suite, files: readonly string[], others: Promise<unknown>): Promise<Counts> {
  const cluster =
    suite.needsCluster === true ? await startTestCluster(suite.yields !== undefined ? [yielding] : []) : undefined;
  const env: NodeJS.ProcessEnv = cluster === undefined ? shared : { ...shared, KAZASU_TEST_CLUSTER: cluster.address };
  const counts: Counts = { passed: 0, failed: 0 };
  const queue = [...files];
  const worker = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const { passed, failed, said } = await runFile(suite, file, env);
      counts.passed += passed;
      counts.failed += failed;
      if (failed > 0) failures.push({ suite, file, passed, failed, said });
    }
  };
  const beside = suite.yields ?? suite.atOnce;
  await Promise.all(
    Array.from({ length: suite.atOnce }, (_, place) => (place < beside ? worker() : others.then(worker))),
  );
  await cluster?.stop();
  return counts;
}

/** Runs one file in a process of its own. A file that does not end in time is killed and counts as a failure. */
async function runFile(
  suite: Suite,
  file: string,
  env: NodeJS.ProcessEnv,
): Promise<Counts & { readonly said: string }> {
  const counts: Counts = { passed: 0, failed: 0 };
  const problems: string[] = [];
  const began = performance.now();
  const limit = AbortSignal.timeout(suite.within * 1000);
  const lines: string[] = [];
  const tell = (line: string): void => void (suite.atOnce === 1 ? console.log(line) : lines.push(line));
  let printed = '';
  const execArgv = suite.yields !== undefined ? [yielding] : [];
  const events = run({ cwd: root, files: [`${root}/${file}`], signal: limit, env, execArgv });
  events.on('test:pass', ({ name, nesting, skip, details }) => {
    // A file without tests passes under its own name.
    if (details.type === 'suite' || name === `${root}/${file}`) return;
    if (skip === undefined) counts.passed += 1;
    if (suite.atOnce === 1 || skip !== undefined) {
      tell(
        `${'  '.repeat(nesting + 2)}${skip === undefined ? '✓' : '- skipped:'} ${name} (${took(details.duration_ms)})`,
      );
    }
  });
  events.on('test:fail', ({ name, nesting, details }) => {
    const { cause, failureType } = details.error as { cause?: unknown; failureType?: string };
    // A suite fails with its tests; one whose preparation failed says why, and they only that they were cancelled.
    if (details.type === 'suite' && failureType !== 'hookFailed') return;
    counts.failed += 1;
    const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause ?? details.error.message);
    const said = `✗ ${name.replace(`${root}/`, '')} (${took(details.duration_ms)})\n${indent(text)}`;
    tell('  '.repeat(nesting + 2) + said);
    problems.push(said);
  });
  events.on('test:stderr', ({ message }) => {
    printed = (printed + message).slice(-4_000);
  });
  for await (const _event of events);
  if (limit.aborted) {
    problems.push(`✗ the file did not end within ${suite.within} s`);
    tell(`    ${problems.at(-1)}`);
  } else if (counts.passed + counts.failed === 0) {
    counts.failed += 1;
    problems.push('✗ the file holds no test');
    tell(`    ${problems.at(-1)}`);
  }
  if (counts.failed > 0 && printed !== '') tell(indent(printed.trim()));
  const sums = `${counts.passed} passed${counts.failed > 0 ? `, ${counts.failed} FAILED` : ''}`;
  console.log(
    [...lines, `  ${counts.failed === 0 ? '✓' : '✗'} ${file}: ${sums} (${took(performance.now() - began)})`].join('\n'),
  );
  return { ...counts, said: [file, ...problems].join('\n') };
}

const indent = (text: string): string => text.replaceAll(/^/gm, '      ');

const words = process.argv.slice(2);
const isName = (word: string): boolean => suites.some(({ name }) => name === word);
const named = words.filter(isName);
const parts = words.filter((word) => !isName(word));
const total: Counts = { passed: 0, failed: 0 };
/** Said again at the end, where whoever sees only the last page finds them. */
const failures: Failure[] = [];

if (named.length === 0 && parts.length === 0) {
  console.log('check');
  for (const { name, ok, said, seconds } of await checkAll()) {
    total[ok ? 'passed' : 'failed'] += 1;
    console.log(`  ${ok ? '✓' : '✗'} ${name} (${seconds.toFixed(1)} s)${ok ? '' : `\n${indent(said)}`}`);
    if (!ok) failures.push({ file: name, passed: 0, failed: 1, said: `${name}\n${indent(said)}` });
  }
}
const runNamed = async (name: string, others: Promise<unknown>): Promise<void> => {
  const suite = suites.find((one) => one.name === name);
  const files = suite ? listFiles(suite, parts) : [];
  if (suite === undefined || files.length === 0) return;
  const began = performance.now();
  console.log(`${name}: ${files.length} files`);
  const { passed, failed } = await runSuite(suite, files, others);
  total.passed += passed;
  total.failed += failed;
  console.log(`${name}: ${passed} passed, ${failed} failed in ${took(performance.now() - began)}`);
};
for (const together of order) {
  const [first, ...beside] = together.filter((name) => named.length === 0 || named.includes(name));
  if (first === undefined) continue;
  const waited = runNamed(first, Promise.resolve());
  await Promise.all([waited, ...beside.map((name) => runNamed(name, waited))]);
}
/** More than these are no accident. */
const mostSecondRuns = 6;
const again = failures.length <= mostSecondRuns ? failures.filter(({ suite }) => suite?.waits === true) : [];
for (const first of again) {
  console.log(`${first.file} once more, by itself`);
  const second = await runSuite(first.suite as Suite, [first.file], Promise.resolve());
  if (second.failed > 0) continue;
  failures.splice(failures.indexOf(first), 1);
  total.failed -= first.failed;
  total.passed += second.passed - first.passed;
  console.log(`HELD ONLY WHEN RUN ONCE MORE: ${first.said}`);
}
if (total.passed + total.failed === 0) {
  console.log('There is no such test.');
  process.exitCode = 1;
}
if (total.failed > 0) process.exitCode = 1;
for (const { said } of failures) console.log(`FAILED ${said}`);
console.log(`${total.passed} passed, ${total.failed} failed`);
