import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createSecrets } from '../secrets.ts';
import { openTestDatabase, type TestDatabase } from '../testing.ts';
import { checkKeyMarks, ForeignKeys } from './key-marks.ts';

let given: TestDatabase;
before(async () => {
  given = await openTestDatabase();
});
after(() => given.close());

describe('a database', () => {
  it('knows its keys again, also after a rotation, and is not served with others', async () => {
    const secrets = createSecrets(join(given.folder, 'ours'));
    await Promise.all([1, 2, 3].map(() => checkKeyMarks(given.database, secrets)));
    secrets.rotate('pin-pepper');
    await checkKeyMarks(given.database, secrets);
    await checkKeyMarks(given.database, createSecrets(join(given.folder, 'ours')));
    const others = createSecrets(join(given.folder, 'others'));
    await assert.rejects(checkKeyMarks(given.database, others), ForeignKeys);
  });
});
