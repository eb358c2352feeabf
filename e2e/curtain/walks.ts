/**
 * walks.ts [WALKS] [EVENTS] [SEED]: walks at random through the whole product under the curtain, each of so many things that
 * hands, cards, the server, logind and death do; mostly keys and clicks where there are more than a hundred. Ends with 1 at the
 * first that opened without its event or could not be locked; the same seed goes the same way again.
 */
import { createCoveredTerminal } from './covered-terminal.ts';
import { rush, stroll, walk, walkPolicy } from './walk.ts';

const walks = Number(process.argv[2] ?? 100);
const events = Number(process.argv[3] ?? 1_000);
const seed = Number(process.argv[4] ?? 1);
const at = await createCoveredTerminal({ logind: true, env: { KAZASU_POLICY: walkPolicy } });
const sum = { walks: 0, opened: 0, recorded: 0, steps: 0 };
const taken = new Map<string, number>();
const before = (await at.watch.count()).samples;
let failed = 0;
try {
  for (let number = 0; number < walks; number += 1) {
    const began = performance.now();
    await at.world.admin.do('people/unlock', { params: { person: at.hanako.id } });
    const { opened, recorded, steps } = await walk(at, seed + number, events, events > 100 ? rush : stroll);
    sum.walks += 1;
    sum.opened += opened;
    sum.recorded += recorded;
    sum.steps += steps.length;
    for (const step of steps) taken.set(step, (taken.get(step) ?? 0) + 1);
    const seconds = ((performance.now() - began) / 1_000).toFixed(0);
    console.log(`walk ${seed + number}: ${steps.length} events in ${seconds} s, opened ${opened} times`);
  }
} catch (error) {
  failed = 1;
  console.error(error);
}
const samples = (await at.watch.count()).samples - before;
console.log([...taken].map((each) => each.join(' ')).join(', '));
console.log(
  `${sum.walks} walks, ${sum.steps} events: the desktop was seen to open ${sum.opened} times, the journal has ${sum.recorded}; ${samples} looks`,
);
await at.stop();
process.exit(failed);
