// Makes a fresh clone ready to run: `npm start`, `npm test` and the others begin with it. Plain JavaScript without
// dependencies, because it runs on the system's Node 20 before anything is installed.
import { arch, argv, exit, platform, stderr, versions } from 'node:process';

const oldest = 20;

if (Number(versions.node.split('.')[0]) < oldest) {
  stderr.write(`Kazasu needs Node ${oldest} or newer to set itself up; this is Node ${versions.node}.\n`);
  exit(1);
}
if (platform !== 'linux' || arch !== 'x64') {
  stderr.write(`Kazasu's set-up knows Linux on x64 (tested: Debian 12); this is ${platform} on ${arch}.\n`);
  exit(1);
}
const { makeReady } = await import('./ready/steps.mjs');
exit(await makeReady({ again: argv.includes('--again') }));
