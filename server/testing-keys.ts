import type { KeyPurpose } from '#contract/api/keys.ts';
import type { KeyCommandDeps } from './key-commands.ts';
import { readKeyRings, writeKeyRings } from './key-file.ts';
import { type KeyRings, nextId, ringFor, withKey, withKeyInUse } from './key-ring.ts';
import { startKeyWatch } from './key-watch.ts';
import { createKey } from './secrets.ts';
import type { TestServer } from './testing.ts';

/** The keys of a folder with a new one for this purpose, made and put in use at once or waiting; also written there. */
export const rotateIn = (folder: string, purpose: Exclude<KeyPurpose, 'ca'>, waits = false): KeyRings => {
  const rings = readKeyRings(folder);
  if (rings === undefined) throw new Error('there are no keys yet');
  const id = nextId(ringFor(rings, purpose));
  const made = withKey(rings, purpose, { id, key: createKey(purpose), madeAt: new Date().toISOString(), waits: true });
  const next = waits ? made : withKeyInUse(made, purpose, id, new Date());
  writeKeyRings(folder, next);
  return next;
};

/** Has a server take new keys while it runs, as its program does. Answers how to stop. */
export const watchKeys = (server: TestServer): Promise<() => Promise<void>> =>
  startKeyWatch({
    dataFolder: server.folder,
    database: server.database,
    keys: server.keys,
    now: server.now,
    log: server.log,
    onTaken: async () => {
      const names = ['localhost', '127.0.0.1', '::1'];
      server.app.takeCertificate(await server.keys.authorities().current.issueServer(names, server.now()));
      server.app.keysChanged();
    },
    everyMs: 20,
  });

export interface TestCommand extends KeyCommandDeps {
  /** What it said so far. */
  readonly said: string[];
}

/** What a key command on the folder and database of a server is given. */
export const commandOn = (
  { folder, database, now }: Pick<TestServer, 'folder' | 'database' | 'now'>,
  changes: Partial<KeyCommandDeps> = {},
): TestCommand => {
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  return { dataFolder: folder, database, now, say, by: 'operator', patience: 20_000, ...changes, said };
};

/** The same an hour later, when nothing is on its way any more that was begun with the key before. */
export const laterCommandOn = (server: Pick<TestServer, 'folder' | 'database' | 'now'>): TestCommand =>
  commandOn(server, { now: () => new Date(server.now().getTime() + 3_600_000) });
