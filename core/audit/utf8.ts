/** Text from UTF-8. Throws a URIError where it is none. */
export function decodeUtf8(bytes: Uint8Array): string {
  let escaped = '';
  for (const byte of bytes)
    escaped += byte < 0x80 && byte !== 0x25 ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`;
  return decodeURIComponent(escaped);
}
