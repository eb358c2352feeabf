/**
 * walks.ts [WALKS] [SEED]: walks at random through the whole product under the curtain, each of 12 things that hands, cards,
 * the server, logind and death do. Ends with 1 at the first that opened without its event or could not be locked; the same
 * seed goes the same way again.
 */
import { createCoveredTerminal } from './covered-terminal.ts';
import { walk, walkPolicy } from './walk.ts';

const walks = Number(process.argv[2] ?? 100);
const seed = Number(process.argv[3] ?? 1);
const at = await createCoveredTerminal({ logind: true, env: { KAZASU_POLICY: walkPolicy } });
const sum = { opened: 0, recorded: 0, steps: 0 };
const before = (await at.watch.count()).samples;
let failed = 0;
try {
  for (let number = 0; number < walks; number += 1) {
    await at.world.admin.do('people/unlock', { params: { person: at.hanako.id } });
    const { opened, recorded, steps } = await walk(at, seed + number, 12);
    sum.opened += opened;
    sum.recorded += recorded;
    sum.steps += steps.length;
    console.log(`walk ${seed + number}: opened ${opened} times: ${steps.join(', ')}`);
  }
} catch (error) {
  failed = 1;
  console.error(error);
}
const samples = (await at.watch.count()).samples - before;
console.log(
  `${walks} walks, ${sum.steps} steps: the desktop was seen to open ${sum.opened} times, the journal has ${sum.recorded}; ${samples} looks`,
);
await at.stop();
process.exit(failed);
