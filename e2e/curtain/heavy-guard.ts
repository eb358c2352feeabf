/**
 * A scripted guard in a process of its own, with as much memory as a second argument says (MiB): one whose end takes
 * time. It opens the desktop once it is covered, and says so.
 */
import { join } from 'node:path';
import { root } from '#setup/paths.ts';
import { createScriptedGuard } from './scripted-guard.ts';

const [socket = '', mebibytes = '0'] = process.argv.slice(2);
const memory = Buffer.alloc(Number(mebibytes) * 1024 * 1024, 1);
const life = (await import(join(root, 'native/workstation/life.ts'))) as { holdLife(socket: string): void };
life.holdLife(socket);
const guard = await createScriptedGuard(socket);
await guard.covered(20_000);
guard.open();
process.stdout.write(`open, with ${memory.length} bytes\n`);
