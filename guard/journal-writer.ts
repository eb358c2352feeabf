/** Writes records until it is killed, and says on standard output how many are durable. Started by `journal.test.ts`. */
import { openJournal } from './journal.ts';
import { createLog } from './log.ts';

const journal = await openJournal({
  folder: process.argv[2] ?? '',
  now: () => new Date(),
  log: createLog({ level: 'error', now: () => new Date(), write: (line) => void process.stderr.write(line) }),
  onDurable: () => undefined,
  onFailed: () => process.exit(1),
  uploadedOf: () => 0,
});
for (let count = 1; ; count += 1) {
  const written = await journal.append({ kind: 'link.lost', outcome: 'minor', reason: String(count) });
  if (written.ok) process.stdout.write(`${count}\n`);
}
