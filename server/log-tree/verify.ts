import { createExportVerifier, type ExportVerifierDeps, type Verdict } from '#core/audit/verify-export.ts';
import { checkEd25519, fastHashes } from './hashes.ts';

const lineFeed = 0x0a;
/** The longest head that an export may have is shorter, and any event is. */
const longestLine = 16 * 1024 * 1024;

/** Reads an export as it comes. A last line without its line feed is one that was cut. */
export const verifyExport = async (
  chunks: AsyncIterable<Buffer>,
  given: Pick<ExportVerifierDeps, 'believed' | 'witnessed'>,
): Promise<Verdict> => {
  const verifier = createExportVerifier({ hashes: fastHashes, check: checkEd25519, ...given });
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, at)) {
      const refused = verifier.push(bytes.subarray(at, end));
      if (refused !== undefined) return refused;
      at = end + 1;
    }
    rest = bytes.subarray(at);
    // What never ends is no line, whatever it begins with.
    if (rest.length > longestLine) return verifier.push(Buffer.alloc(0)) ?? verifier.end();
  }
  if (rest.length > 0) return verifier.push(rest) ?? verifier.end();
  return verifier.end();
};
