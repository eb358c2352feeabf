import { createExportVerifier, type ExportVerifierDeps, type Verdict } from '#core/audit/verify-export.ts';
import { checkEd25519, fastHashes } from './hashes.ts';
import { type LineReaders, lineAt, type ReadBlock, readBlock, startLineReaders } from './read-lines.ts';

const lineFeed = 0x0a;
/** The longest head that an export may have is shorter, and any event is. */
const longestLine = 16 * 1024 * 1024;
/** From this block on it is worth starting threads. */
const fewBlocks = 3;

/** Whole lines as they come, and in the end what is left without a line feed. Ends early where a line is too long for any. */
const splitLines = async function* (
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<{ readonly lines: Buffer; readonly rest: Buffer }> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = bytes.lastIndexOf(lineFeed) + 1;
    rest = bytes.subarray(end);
    yield { lines: bytes.subarray(0, end), rest };
    if (rest.length > longestLine) return;
  }
};

type Refused = ReturnType<ReturnType<typeof createExportVerifier>['take']>;

/**
 * Reads an export as it comes. Lines are read and hashed by other threads where it is long, and taken by this one in their
 * order. A last line without its line feed is one that was cut.
 */
export const verifyExport = async (
  chunks: AsyncIterable<Buffer>,
  given: Pick<ExportVerifierDeps, 'believed' | 'witnessed'>,
  startReaders: () => LineReaders = startLineReaders,
): Promise<Verdict> => {
  const verifier = createExportVerifier({ hashes: fastHashes, check: checkEd25519, ...given });
  const take = (block: ReadBlock): Refused => {
    for (let place = 0; place < block.count; place += 1) {
      const refused = verifier.take(lineAt(block, place));
      if (refused !== undefined) return refused;
    }
    return undefined;
  };
  const asked: Promise<ReadBlock>[] = [];
  /** Takes the first of what was asked for, until no more than so many are left. */
  const takeAsked = async (left: number): Promise<Refused> => {
    while (asked.length > left) {
      const refused = take(await (asked.shift() as Promise<ReadBlock>));
      if (refused !== undefined) return refused;
    }
    return undefined;
  };
  let readers: LineReaders | undefined;
  const takeLines = async (lines: Buffer): Promise<Refused> => {
    if (readers?.isReady !== true) return take(readBlock(lines));
    const reading = readers.read(lines);
    // Told when its turn comes.
    reading.catch(() => undefined);
    asked.push(reading);
    return takeAsked(readers.depth);
  };
  let left: Buffer = Buffer.alloc(0);
  let blocks = 0;
  try {
    for await (const { lines, rest } of splitLines(chunks)) {
      left = rest;
      blocks += 1;
      if (blocks === fewBlocks) readers = startReaders();
      const refused = await takeLines(lines);
      if (refused !== undefined) return refused;
    }
    const refused = await takeAsked(0);
    if (refused !== undefined) return refused;
  } finally {
    await readers?.close();
  }
  // What never ends is no line, whatever it begins with.
  if (left.length > longestLine) return verifier.push(Buffer.alloc(0)) ?? verifier.end();
  if (left.length > 0) return verifier.push(left) ?? verifier.end();
  return verifier.end();
};
