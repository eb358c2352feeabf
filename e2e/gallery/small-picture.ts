import pixelmatch from 'pixelmatch';
import sharp, { type OverlayOptions } from 'sharp';

/** A picture as it is approved and compared: a fraction of what was on the display, four bytes a pixel. */
export interface SmallPicture {
  readonly width: number;
  readonly height: number;
  readonly rgba: Buffer;
}

/** Of the longer side. Words can still be read, and all approved pictures together are a few megabytes. */
export const longerSide = 480;
/** Shades of each colour. Gradients become bands, which take a quarter of the bytes; letters stay as they are. */
const shades = 16;

/**
 * How two pictures may differ and be the same: a pixel by this much (pixelmatch's distance of colours, 0 to 1), and
 * of pixels that differ by more no more than so many within any square of so many pixels. A changed letter exceeds it.
 */
export const tolerance = { colour: 0.1, square: 16, pixels: 4 } as const;

async function read(png: Buffer): Promise<SmallPicture> {
  const { data, info } = await sharp(png).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, rgba: data };
}

/** A picture as the screen gave it, in so few colours as an approved one has. */
export async function reduce(png: Buffer): Promise<SmallPicture> {
  const { width, height, rgba } = await read(png);
  const step = 255 / (shades - 1);
  return { width, height, rgba: rgba.map((value) => Math.round(Math.round(value / step) * step)) as Buffer };
}

export const decode = (png: Buffer): Promise<SmallPicture> => read(png);

export const encode = ({ width, height, rgba }: SmallPicture): Promise<Buffer> =>
  sharp(rgba, { raw: { width, height, channels: 4 } })
    .removeAlpha()
    .png({ palette: true, dither: 0, effort: 8, compressionLevel: 9 })
    .toBuffer();

/** What differs, marked in red on a pale picture; `undefined` where they are the same. */
export function findDifference(approved: SmallPicture, taken: SmallPicture): SmallPicture | undefined {
  const { width, height } = taken;
  if (approved.width !== width || approved.height !== height) return taken;
  const rgba = Buffer.alloc(width * height * 4);
  const options = { threshold: tolerance.colour, windowSize: tolerance.square, alpha: 0.3 };
  const worst = pixelmatch(approved.rgba, taken.rgba, rgba, width, height, options);
  return worst > tolerance.pixels ? { width, height, rgba } : undefined;
}

/** Pictures side by side, as a PNG. */
export async function sideBySide(pictures: readonly SmallPicture[]): Promise<Buffer> {
  const gap = 8;
  const height = Math.max(...pictures.map((picture) => picture.height));
  const width = pictures.reduce((sum, picture) => sum + picture.width + gap, -gap);
  let left = 0;
  const placed = pictures.map((picture) => {
    const one = {
      input: picture.rgba,
      raw: { width: picture.width, height: picture.height, channels: 4 },
      left,
      top: 0,
    };
    left += picture.width + gap;
    return one as OverlayOptions;
  });
  return await sharp({ create: { width, height, channels: 3, background: '#ffffff' } })
    .composite(placed)
    .png()
    .toBuffer();
}
