/** One data object: BER tag of one byte, definite length (ISO/IEC 8825-1; PC/SC part 3, 3.2.2). */
export interface DataObject {
  readonly tag: number;
  readonly value: Uint8Array;
}

/** All objects of a sequence, or undefined when the bytes are not such a sequence. Never throws. */
export function parseDataObjects(bytes: Uint8Array): readonly DataObject[] | undefined {
  const objects: DataObject[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at] ?? 0;
    const first = bytes[at + 1];
    if (first === undefined) return undefined;
    const more = first & 0x80 ? first & 0x7f : 0;
    if (more > 2 || first === 0x80) return undefined;
    let length = more === 0 ? first : 0;
    for (let index = 0; index < more; index++) length = length * 0x100 + (bytes[at + 2 + index] ?? 0);
    const start = at + 2 + more;
    if (start + length > bytes.length) return undefined;
    objects.push({ tag, value: bytes.slice(start, start + length) });
    at = start + length;
  }
  return objects;
}

/** One object with the shortest length that fits: one byte below 128, else 81 and one or 82 and two. */
export function encodeDataObject(tag: number, value: Uint8Array): Uint8Array {
  const { length } = value;
  if (length > 0xffff) throw new RangeError('too long for a data object');
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Uint8Array.of(tag, ...size, ...value);
}

/** Value of the first object with the tag. */
export function findValue(objects: readonly DataObject[], tag: number): Uint8Array | undefined {
  return objects.find((object) => object.tag === tag)?.value;
}
