import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { crc32, deflate } from 'node:zlib';

/** What a display shows: rows of red, green, blue, one byte each. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Buffer;
}

const deflated = promisify(deflate);

/** Reads the picture that Xvfb keeps in a file: XWD version 7 (X11/XWDFile.h), 32 bits a pixel, blue first. */
export async function readPicture(file: string): Promise<Picture> {
  const raw = await readFile(file);
  const word = (index: number): number => raw.readUInt32BE(index * 4);
  const [headerSize, version, width, height] = [word(0), word(1), word(4), word(5)];
  const [bitsPerPixel, bytesPerLine, colours] = [word(11), word(12), word(19)];
  if (version !== 7 || bitsPerPixel !== 32) throw new Error(`${file}: not a picture of 32 bits a pixel`);
  const rgb = Buffer.allocUnsafe(width * height * 3);
  let to = 0;
  for (let y = 0; y < height; y += 1) {
    let from = headerSize + colours * 12 + y * bytesPerLine;
    for (let x = 0; x < width; x += 1, from += 4) {
      rgb[to++] = raw[from + 2] as number;
      rgb[to++] = raw[from + 1] as number;
      rgb[to++] = raw[from] as number;
    }
  }
  return { width, height, rgb };
}

/** How many pixels have exactly this colour (0xRRGGBB). */
export function countPixels({ rgb }: Picture, colour: number): number {
  const [red, green, blue] = [colour >> 16, (colour >> 8) & 0xff, colour & 0xff];
  let count = 0;
  for (let at = 0; at < rgb.length; at += 3) {
    if (rgb[at] === red && rgb[at + 1] === green && rgb[at + 2] === blue) count += 1;
  }
  return count;
}

/** PNG (ISO/IEC 15948): 8 bits a channel, every row written as its difference from the row above. */
export async function encodePng({ width, height, rgb }: Picture): Promise<Buffer> {
  const stride = width * 3;
  const rows = Buffer.allocUnsafe(height * (stride + 1));
  for (let y = 0; y < height; y += 1) {
    const to = y * (stride + 1);
    rows[to] = 2;
    for (let x = 0; x < stride; x += 1) {
      const above = y === 0 ? 0 : (rgb[(y - 1) * stride + x] as number);
      rows[to + 1 + x] = (rgb[y * stride + x] as number) - above;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', await deflated(rows, { level: 5 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(named.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(named, 4);
  framed.writeUInt32BE(crc32(named), named.length + 4);
  return framed;
}
