/**
 * `npm start`: a hospital on one desk. With a display: server, terminal, card tray and a guide in this terminal, until
 * Ctrl+C. Without one: the tour, which plays the whole story on a virtual display. `npm run tour` is always the tour.
 */
import { spawn } from 'node:child_process';
import { node, root } from './paths.ts';
import { run } from './run.ts';

const tour = process.argv.includes('tour') || !(await hasDisplay());
if (tour && !process.argv.includes('tour'))
  process.stdout.write('There is no display here: playing the tour on a virtual one.\n');
const program = tour ? 'e2e/tour/start.ts' : 'e2e/desk/start.ts';
const words = process.argv.slice(2).filter((word) => word !== 'tour');
const child = spawn(node, [program, ...words], { cwd: root, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
// A parent that was killed sends no signal.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 500).unref();
child.on('exit', (code, signal) => {
  process.exitCode = signal === null ? (code ?? 1) : 1;
});

async function hasDisplay(): Promise<boolean> {
  if (!process.env['DISPLAY']) return false;
  return (await run('xdotool', ['getdisplaygeometry'], { env: process.env, within: 3_000 })).ok;
}
