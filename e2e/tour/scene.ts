import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePng, type Picture } from './framebuffer.ts';

/** Everything that a person could look at, to be told when a step fails. */
export interface Scene {
  watchWords(where: string, read: () => Promise<string>): void;
  watchPicture(name: string, take: () => Promise<Picture | Buffer>): void;
  /** Lines that say what stands where; pictures go into the folder. What cannot be seen any more is said too. */
  describe(folder: string): Promise<readonly string[]>;
}

const patience = 5_000;
const mostWords = 400;

export function createScene(): Scene {
  const words: (readonly [string, () => Promise<string>])[] = [];
  const pictures: (readonly [string, () => Promise<Picture | Buffer>])[] = [];
  return {
    watchWords: (where, read) => void words.push([where, read]),
    watchPicture: (name, take) => void pictures.push([name, take]),
    async describe(folder) {
      const lines: string[] = [];
      for (const [where, read] of words) {
        const said = await inTime(read).catch((error: unknown) => `cannot be seen: ${firstLine(error)}`);
        lines.push(`${where}: ${said.replace(/\s+/g, ' ').trim().slice(0, mostWords)}`);
      }
      for (const [name, take] of pictures) {
        const file = join(folder, `failed-${name}.png`);
        try {
          const taken = await inTime(take);
          writeFileSync(file, Buffer.isBuffer(taken) ? taken : await encodePng(taken));
          lines.push(`picture: ${file}`);
        } catch (error) {
          lines.push(`no picture of ${name}: ${firstLine(error)}`);
        }
      }
      return lines;
    },
  };
}

function inTime<Value>(ask: () => Promise<Value>): Promise<Value> {
  return Promise.race([
    ask(),
    new Promise<never>((_resolve, reject) => {
      setTimeout(() => reject(new Error(`no answer within ${patience / 1000} s`)), patience).unref();
    }),
  ]);
}

const firstLine = (error: unknown): string =>
  String(error instanceof Error ? error.message : error).split('\n')[0] ?? '';
