/** Longest text that the server takes, in characters. */
export const longestText = 2 * 1024 * 1024;

const tryDecode = (bytes: Uint8Array, encoding: string): string | undefined => {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

/**
 * Text of a file as hospitals have them: UTF-8 with or without a byte order mark, UTF-16 with one (a spreadsheet's
 * "Unicode text"), else Shift_JIS in the form of CP932, which is what browsers mean by it. What fits none of them comes
 * with U+FFFD, which the server refuses by its line.
 */
export const decodeFile = (bytes: Uint8Array): string => {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return tryDecode(bytes, 'utf-8') ?? new TextDecoder('shift_jis').decode(bytes);
};
