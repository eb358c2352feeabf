import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '#setup/paths.ts';
import { attacksHeld, faultsHeld, type Held } from './held.ts';
import { faultKinds, rowOf } from './table.ts';

export const pagePath = join(root, 'docs', 'faults.md');

const about = `# Faults

A small hospital of real processes is used while it fails: two processes of the server on one PostgreSQL with a disk of its own, two terminals (guard, reader process, PC/SC service with virtual cards, a screen that speaks over the socket), a keychain, a desk. Between any two of them lies a link that can be made to fail.

Written by \`node e2e/faults/page.ts\` from the tables in \`e2e/faults/\`; a test holds it fresh.

## How to run it

\`\`\`
npm run faults -- --seed 7 --minutes 30
npm run faults -- --seed 7 --minutes 5 --kinds guard-killed,answers-lost --every 1500
npm run faults -- --replay e2e/faults/kept/a-file.json
\`\`\`

The seed draws the faults and what people do; the processes themselves are as quick as the machine lets them be, so two runs of a seed are alike and not the same. A run that breaks a promise is played again with fewer and fewer faults (\`--minimise-minutes 10\`), and what is left lies in \`e2e/faults/kept/\`, where a test plays it from then on. \`dist/faults/\` has what was promised to whom, the exported log, and what every process wrote. Twenty seconds of fixed faults are in \`npm test\`. Interrupted, it heals, checks and takes everything away; killed, its processes and its disk end with it, and the next run removes its folder and says so (\`e2e/faults/interrupted.int.test.ts\`).

## What is checked

What anybody was told is written outside, with a flush, before they go on: a desktop that opened and the record that the terminal's journal then held of it, a wrong PIN that was refused, the support code of a refused card, an act of the desk that was done.

- **I1** Each of these is in the exported log exactly once in the end, and so is every record on a terminal's disk. An opening names who opened it. A wrong try counts once. What opened was locked once, what began ended once. Excused: a record that a fault has spoilt on the disk, and what only the server knew when its database was put back.
- **I2** No desktop showed for which nobody had typed the right PIN. Nobody was let in with the server's word who was suspended when they typed; without it only where the terminal had not been told, within the hours of the policy, and with an alarm afterwards. Whoever worked when they were suspended was locked out within 2.5 s, where nothing failed in the twenty seconds before.
- **I3** The export verifies by \`npm run verify-log\`, against checkpoints that the desk was shown during the run; what was spoilt on a disk was noticed in the log.
- **I4** After the last fault every terminal lets somebody in by the server within a minute, and nobody lifted a finger.

\`e2e/faults/check/\` has the checker; its tests break each promise, and \`e2e/faults/found.int.test.ts\` does so under a whole run.

## What fails

`;

const elsewhere: readonly (readonly [numbers: string, what: string])[] = [
  ['F1', 'every byte of an append: `guard/journal.test.ts`, `guard/journal-kill.test.ts`'],
  ['F2', 'every step of a request: `server/routes/repeated-proofs.int.test.ts`'],
  ['F4', 'no machine lost its power: the disk of PostgreSQL, and the files of the server, forget nothing'],
  [
    'F6',
    'a real full disk: `guard/journal-full.test.ts`; a guard that starts on one, on one that cannot be written (F7) or without its files (F8), and is asked while it is so: `e2e/guard/full-disk.int.test.ts`',
  ],
  ['F10', 'no machine was suspended: its count of time is shifted'],
  [
    'F11',
    'two thousand terminals do not fit on two cores, nor three days into a run; what a hundred of them bring at once: `npm run bench -- ingest`',
  ],
  ['F12', 'no packets are lost: pieces of a connection come as late as TCP would send them again'],
  ['F16', 'a revocation that came after the backup is lost to the server: the checker excuses it'],
  [
    'F18',
    'there is no second PostgreSQL that replicates: what takes over is a copy of the files, as old as such a replica could be',
  ],
  [
    'F19',
    'another version: `e2e/guard/versions.int.test.ts` runs servers and a guard of the version before the newest migration, out of the history of the repository, beside those of now while people log in, forward and back. Not made: versions further apart, a guard of now at a server of before (servers are brought up to date first), a migration on a log of many millions of lines, a new PostgreSQL or Node.js',
  ],
  ['F20', 'certificates that end: `e2e/guard/certificates.int.test.ts`'],
  ['F21', 'the time to the lock is measured by `npm run bench`'],
  ['F22', 'two terminals come back at once; thousands: `npm run bench`'],
  ['F23', 'how long a tap takes under a flood: `npm run bench`, `server/fuzz/`'],
  ['F24', 'no physical reader'],
  ['F25', 'the real screen and curtains: `e2e/agent/faults.e2e.test.ts`, `e2e/curtain/deaths.e2e.test.ts`'],
  [
    'F27',
    'another history under real guards, and a terminal that cannot keep a checkpoint: `e2e/guard/another-history.int.test.ts`; every way to tell it: `guard/witness.test.ts`, `server/log-tree/log-tree.int.test.ts`. There is no witness but terminals and whoever keeps a checkpoint; a server that answers everything but their question is not noticed',
  ],
];

/** Which file of `kinds/` makes each fault, as `kinds/index.ts` says. */
const filesOf = (): ReadonlyMap<string, string> => {
  const text = readFileSync(join(import.meta.dirname, 'kinds', 'index.ts'), 'utf8');
  return new Map([...text.matchAll(/^ {2}'?([\w-]+)'?: (\w+)\./gm)].map(([, kind = '', file = '']) => [kind, file]));
};

const table = (head: readonly string[], lines: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |\n`).join('');

const linesOf = (all: readonly Held[]): string[][] =>
  all.map(({ by, not, number, what }) => [
    number,
    what,
    [...by.map(([file, name]) => `\`${file}\`: ${name}`), ...(not === undefined ? [] : [`not here: ${not}`])].join(
      '; ',
    ),
  ]);

export const makePage = (): string => {
  const files = filesOf();
  const made = faultKinds.map((kind) => {
    const { lasts, meaning, numbers } = rowOf(kind);
    const [shortest, longest] = lasts.map((span) => span / 1_000);
    const time = longest === 0 ? 'at once' : `${shortest}–${longest} s`;
    return [numbers.join(', '), `\`${kind}\``, meaning, time, `\`kinds/${files.get(kind)}.ts\``];
  });
  return `${about}${table(['number', 'fault', 'what happens', 'for', 'made in'], made)}
The disks of the terminals fail, and forget, under the C library of the guard (\`kinds/disk.c\`, \`power.ts\`), their clocks in its \`Date\` and \`os.uptime\`; the disk of PostgreSQL is a tmpfs in a mount namespace of its own (for root alone).

## What this harness does not make

${table(['number', 'what'], elsewhere)}
## Which tests hold what

Each of these faults by itself, beside the runs at random; a test holds this page to the tests that it names.

${table(['number', 'what', 'by'], linesOf(faultsHeld))}
Attacks on journals and on logins without the server, and a server that lies:

${table(['number', 'what', 'by'], linesOf(attacksHeld))}`;
};

if (import.meta.main) writeFileSync(pagePath, makePage());
