import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Whether a process that loads this file has loaded any of the SDK. */
const loadsSdk = async (file: string): Promise<boolean> => {
  const code = `import { createRequire } from 'node:module';
    await import(${JSON.stringify(pathToFileURL(`${root}/${file}`).href)});
    const loaded = Object.keys(createRequire('${root}/').cache).some((path) => path.includes('@aws-sdk'));
    process.stdout.write(String(loaded));
    process.exit();`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], { cwd: root });
  return stdout === 'true';
};

test('the SDK is loaded by who stores a backup for good, and neither by a server nor by a guard', async () => {
  assert.equal(await loadsSdk('server/write-once/store.ts'), true);
  for (const file of ['server/app.ts', 'server/write-once/settings.ts', 'guard/guard.ts'])
    assert.equal(await loadsSdk(file), false, file);
});
