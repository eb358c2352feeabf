import { generateKeyPairSync, hash, randomUUID, sign } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { formatCheckpoint, formatNote, formatNoteKey } from '#core/audit/checkpoint.ts';
import { formatCheckpointLine, formatKept } from '#core/audit/export.ts';
import { growTree } from '#core/audit/merkle.ts';
import { fastHashes } from '#server/log-tree/hashes.ts';
import { verifyExport } from '#server/log-tree/verify.ts';
import { findEnd } from '#server/store/log-tree.ts';
import { type Figure, figureAtLeast } from './figure.ts';
import type { ServerAlone } from './server-alone.ts';

const lineOf = (seq: number, ids: readonly string[]): string =>
  `{"seq":${seq},"kind":"session.began","id":"${ids[seq % 7]}","at":"2026-11-29T05:00:00.${String(seq % 1000).padStart(3, '0')}000Z","happened_at":null,"outcome":"success","person":"${ids[seq % 5]}","actor":null,"terminal":"${ids[seq % 3]}","card":"${ids[seq % 2]}","attempt":"${ids[seq % 11]}","session":"${ids[seq % 13]}","ceremony":null,"factors":["card","pin"],"reason":null,"support_code":"7KQ-2MD-X4R","detail":{"source": "tap"},"epoch":null,"sequence":null,"previous":null,"hash":null}`;

/** An export as a hospital's server writes it: a checkpoint for every thousand lines: of older ones the last of each hour is kept. */
const writeExport = async (path: string, count: number): Promise<void> => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }).subarray(-32));
  const origin = `kazasu/log/${randomUUID()}`;
  const signer = { name: origin, key, sign: (bytes: Uint8Array) => sign(null, bytes, privateKey) };
  const ids = Array.from({ length: 13 }, () => randomUUID());
  const tree = growTree(fastHashes);
  const header = { kazasu: 'log', version: 1, from: 0, size: count, before: [], keys: [formatNoteKey(signer)] };
  const lines = function* () {
    yield `${JSON.stringify({ ...header, endorsements: [] })}\n`;
    for (let position = 0; position < count; position += 1) {
      const line = lineOf(position + 1, ids);
      const leaf = fastHashes.leaf(Buffer.from(line));
      tree.append(leaf);
      let text = formatKept(position, leaf, line);
      if ((position + 1) % 1000 === 0 || position + 1 === count) {
        const at = new Date().toISOString();
        text += formatCheckpointLine(
          formatNote(formatCheckpoint({ origin, size: position + 1, root: tree.root(), at }), [signer]),
        );
      }
      yield text;
    }
  };
  await pipeline(Readable.from(lines(), { highWaterMark: 1000 }), createWriteStream(path));
};

/** Rows of an export that are verified in a second; held against reading and hashing the same rows and nothing else. */
export async function measureVerifyLog(count: number): Promise<Figure> {
  const folder = await mkdtemp(join(tmpdir(), 'kazasu-verify-'));
  const path = join(folder, 'export.jsonl');
  const open = () => createReadStream(path, { highWaterMark: 1 << 20 });
  try {
    process.stderr.write(`  writing an export of ${count} rows\n`);
    await writeExport(path, count);
    const bare = performance.now();
    for await (const chunk of open()) {
      const bytes = chunk as Buffer;
      let at = 0;
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, at)) {
        hash('sha256', bytes.subarray(at, end), 'hex');
        at = end + 1;
      }
    }
    const floor = count / ((performance.now() - bare) / 1000);
    const since = performance.now();
    const verdict = await verifyExport(open(), { believed: [], witnessed: [] });
    const took = (performance.now() - since) / 1000;
    if (!verdict.ok) throw new Error(`the export was refused: ${JSON.stringify(verdict)}`);
    const { size } = await stat(path);
    return figureAtLeast({
      name: 'verify-log',
      value: count / took,
      unit: '/s',
      floor,
      goal: 200_000,
      how: `rows verified a second: ${count} rows, ${verdict.checkpoints} signed checkpoints, ${Math.round(size / 2 ** 20)} MiB, on one core; the floor reads the lines and hashes them`,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Lines that a server places and signs for in a second, when many wait. */
export async function measurePlacing({ database }: ServerAlone, count: number): Promise<Figure> {
  const { background } = database;
  await background.query(
    `insert into event (id, at, kind, outcome, person, terminal, attempt, session, factors, detail)
     select gen_random_uuid(), now(), 'session.began', 'success', md5('p' || i % 500)::uuid, md5('t' || i % 99)::uuid,
            gen_random_uuid(), gen_random_uuid(), array['card', 'pin'], jsonb_build_object('number', i)
       from generate_series(1, $1) i`,
    [count],
  );
  const [last] = await background.query<{ seq: number }>('select max(seq) as seq from event');
  const before = (await background.transaction(findEnd)).size;
  const since = performance.now();
  await background.query('select pg_notify($1, $2)', ['changed', JSON.stringify({ what: 'events' })]);
  let end = await background.transaction(findEnd);
  while (end.lastSeq < (last?.seq ?? 0)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    end = await background.transaction(findEnd);
  }
  const took = (performance.now() - since) / 1000;
  return figureAtLeast({
    name: 'log-placing',
    value: (end.size - before) / took,
    unit: '/s',
    floor: null,
    goal: 10_000,
    how: `lines of the log that one server places in the tree and signs for a second, of ${end.size - before} that wait`,
  });
}
