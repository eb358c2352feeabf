import { command, endCommands } from './command.mjs';
import { electronIsReady, electronWarning, fetchElectron } from './electron.mjs';
import { takeLock } from './lock.mjs';
import { installModules, modulesAreReady } from './modules.mjs';
import { clearStaging, node, root } from './places.mjs';
import { createProgress } from './progress.mjs';
import { installPackages, listMissing, noDpkg, refuseToInstall } from './system.mjs';

/**
 * Does whatever is still missing, in order, each step once. What is finished is marked last, so that a run that was
 * killed anywhere is simply run again.
 * @param {{ again: boolean }} options
 * @returns {Promise<number>} exit code
 */
export async function makeReady(options) {
  const progress = createProgress();
  /** @type {(() => void) | undefined} */
  let release;
  const end = (/** @type {number} */ code) => () => {
    endCommands();
    release?.();
    process.exit(code);
  };
  process.once('SIGINT', end(130));
  process.once('SIGTERM', end(143));
  process.once('SIGHUP', end(129));
  try {
    const missing = listMissing();
    const isRoot = process.getuid?.() === 0;
    if (missing === undefined && !modulesAreReady()) progress.say(noDpkg);
    if (missing !== undefined && missing.length > 0 && !isRoot) throw refuseToInstall(missing);
    const packages = (missing ?? []).length > 0;
    if (packages || !modulesAreReady() || !electronIsReady(options.again)) {
      release = await takeLock((owner) => progress.say(`Waiting for another set-up (process ${owner}) …`));
      clearStaging();
      const still = listMissing() ?? [];
      if (still.length > 0) {
        await progress.step(`system packages: ${still.join(' ')}`, (note) => installPackages(still, note));
      }
      if (!modulesAreReady()) await progress.step('npm packages', installModules);
      if (!electronIsReady(options.again)) {
        await progress.step('Electron', fetchElectron);
        const warning = electronWarning();
        if (warning) progress.say(warning);
      }
      clearStaging();
    }
    await progress.step('build', (note) => command('build', node, ['setup/build.ts'], { cwd: root, note }));
    return 0;
  } catch (error) {
    progress.explain(error);
    return 1;
  } finally {
    release?.();
  }
}
