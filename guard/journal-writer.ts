/** Writes records until it is killed, and says on standard output which are durable. Started by `test-kills.ts`. */
import { openJournal } from './journal.ts';
import { createLog } from './log.ts';

const [folder = '', run = ''] = process.argv.slice(2);
const journal = await openJournal({
  folder,
  key: Buffer.alloc(32, 7),
  outside: { head: null, restored: false },
  now: () => new Date(),
  log: createLog({ level: 'error', now: () => new Date(), write: (line) => void process.stderr.write(line) }),
  onDurable: () => undefined,
  onState: () => process.exit(1),
  onAbsorbed: () => undefined,
  uploadedOf: () => 0,
  segmentBytes: 16 * 1024,
});
for (let count = 1; ; count += 1) {
  const reason = `${run}.${count}`;
  const written = await journal.append({ kind: 'link.lost', outcome: 'minor', reason });
  if (written.ok) process.stdout.write(`${reason}\n`);
}
