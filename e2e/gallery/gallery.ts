import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '#setup/paths.ts';
import { createApproval, type Fault } from './approval.ts';
import { nameOf, type Size, takePictures, type Wanted } from './camera.ts';

export const approvedFolder = join(import.meta.dirname, 'approved');
const output = join(root, 'dist', 'gallery');
/** Where a person looks at what has changed: approved, now, and where they differ. */
export const differencesFolder = join(output, 'differences');

export interface SizeFault extends Fault {
  readonly size: string;
}

/**
 * Takes the pictures of every size, two sizes at a time, and compares them with the approved ones, or approves them anew.
 * Where they are to be kept, each goes to dist/gallery/ as it was on the display.
 */
export async function visitGallery(
  sizes: readonly Size[],
  wanted: Omit<Wanted, 'size'>,
  { approving = false, keeping = false } = {},
): Promise<SizeFault[]> {
  const faults: SizeFault[] = [];
  const queue = [...sizes];
  const worker = async (): Promise<void> => {
    for (let size = queue.shift(); size !== undefined; size = queue.shift()) faults.push(...(await visitSize(size)));
  };
  async function visitSize(size: Size): Promise<SizeFault[]> {
    const name = nameOf(size);
    const approval = createApproval(join(approvedFolder, name), join(differencesFolder, name));
    const folder = join(output, name);
    if (keeping) mkdirSync(folder, { recursive: true });
    // A picture is judged while the next one is taken.
    const judging: Promise<void>[] = [];
    await takePictures({ ...wanted, size }, async (taken) => {
      judging.push(approving ? approval.approve(taken.name, taken.small) : approval.judge(taken.name, taken.small));
      if (keeping) writeFileSync(join(folder, `${taken.name}.png`), await taken.whole());
    });
    await Promise.all(judging);
    return approval.finish({ approving, isWanted: wanted.isWanted }).map((fault) => ({ ...fault, size: name }));
  }
  await Promise.all([worker(), worker()]);
  return faults;
}

/** Where everything has changed, the rest is in the folder. */
const mostNamed = 24;

export const describeFaults = (faults: readonly SizeFault[]): string =>
  [
    ...faults.slice(0, mostNamed).map(({ kind, name, size }) => `${kind}: ${size}/${name}`),
    ...(faults.length > mostNamed ? [`and ${faults.length - mostNamed} more`] : []),
    `Look at them in ${differencesFolder} (approved, now, where they differ).`,
    'Where they are as they should be: npm run gallery -- --approve, and commit the pictures.',
  ].join('\n');
