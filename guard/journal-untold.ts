import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile, syncFolder } from './journal-file.ts';
import type { Repaired } from './journal-recovery.ts';

const name = 'untold.json';
/** So many different findings are kept; more of them would say nothing new. */
const most = 50;
const content = z.array(z.record(z.string(), z.union([z.string(), z.number()]))).max(most);

/** What starts found wrong and could not tell before they ended. Their repairs have taken away what shows it. */
export async function readUntold(folder: string): Promise<readonly Repaired[]> {
  try {
    return content.safeParse(JSON.parse(await readFile(join(folder, name), 'utf8'))).data ?? [];
  } catch {
    return [];
  }
}

const isSame = (one: Repaired, other: Repaired): boolean => JSON.stringify(one) === JSON.stringify(other);

/** To be kept before anything is repaired. Throws where there is no room. */
export async function keepUntold(folder: string, untold: readonly Repaired[], found: Repaired): Promise<void> {
  if (untold.some((one) => isSame(one, found)) || untold.length >= most) return;
  await replaceFile(join(folder, name), JSON.stringify([...untold, found]));
}

/** The journal has all of it. */
export async function forgetUntold(folder: string): Promise<void> {
  await rm(join(folder, name), { force: true });
  await syncFolder(folder);
}
