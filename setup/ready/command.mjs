import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cache } from './places.mjs';
import { Problem } from './problem.mjs';

const tailLines = 12;
/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/** Ends what is running; called when set-up itself is told to end. */
export function endCommands() {
  for (const child of running) child.kill('SIGTERM');
}

/**
 * Runs a program to its end, its output in `.cache/log/<name>.log`, its newest line as the note of the step.
 * @param {string} name
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, within?: number, note?: (text: string) => void }} [options]
 * @returns {Promise<string>} what it printed
 */
export async function command(name, program, args, options = {}) {
  const path = join(cache, 'log', `${name}.log`);
  mkdirSync(dirname(path), { recursive: true });
  const log = createWriteStream(path, { flags: 'a' });
  log.write(`\n$ ${program} ${args.join(' ')}\n`);
  let out = '';
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...plainEnvironment(), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.within,
    killSignal: 'SIGKILL',
  });
  running.add(child);
  const take = (/** @type {Buffer} */ chunk) => {
    log.write(chunk);
    out += chunk;
    options.note?.(out.trimEnd().split('\n').at(-1)?.trim() ?? '');
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const ending = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) =>
      resolve(code === 0 ? '' : signal ? `ended by ${signal}` : `exit code ${code}`),
    );
  });
  running.delete(child);
  log.end();
  if (ending === '') return out;
  const tail = out.trimEnd().split('\n').slice(-tailLines);
  throw new Problem([`${name}: ${ending} (whole output: ${path})`, ...tail.map((line) => `  ${line}`)].join('\n'));
}

/** This process's environment without what an outer npm says about its own run. */
function plainEnvironment() {
  const foreign =
    /^(npm_(lifecycle|package|command|execpath|config_local_prefix|config_prefix|config_global_prefix)|INIT_CWD)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}
