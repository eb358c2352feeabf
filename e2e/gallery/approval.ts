import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode, encode, findDifference, reduce, sideBySide } from './small-picture.ts';

export interface Fault {
  /** `missing`: nobody has approved it. `surplus`: approved, and no state of the screen looks like that any more. */
  readonly kind: 'changed' | 'missing' | 'surplus';
  readonly name: string;
}

export interface Approval {
  /** Compares a picture that was just taken with the approved one. */
  readonly judge: (name: string, png: Buffer) => Promise<void>;
  /** Takes it as the approved one from now on. */
  readonly approve: (name: string, png: Buffer) => Promise<void>;
  /** What was wrong, with all approved pictures that were not taken; those are removed if `approve` was what was wanted. */
  readonly finish: (options?: {
    readonly approving?: boolean;
    readonly isWanted?: (name: string) => boolean;
  }) => Fault[];
}

/** The approved pictures of one size of display, in a folder. Of each fault a picture goes to `differences`. */
export function createApproval(folder: string, differences: string): Approval {
  const faults: Fault[] = [];
  const taken = new Set<string>();
  const pathOf = (name: string): string => join(folder, `${name}.png`);
  rmSync(differences, { recursive: true, force: true });

  function report(kind: Fault['kind'], name: string, picture: Buffer): void {
    faults.push({ kind, name });
    mkdirSync(differences, { recursive: true });
    writeFileSync(join(differences, `${name}.${kind}.png`), picture);
  }

  return {
    async judge(name, png) {
      taken.add(name);
      const now = await reduce(png);
      if (!existsSync(pathOf(name))) return report('missing', name, await sideBySide([now]));
      const approved = await decode(readFileSync(pathOf(name)));
      const difference = findDifference(approved, now);
      if (difference !== undefined) report('changed', name, await sideBySide([approved, now, difference]));
    },
    async approve(name, png) {
      taken.add(name);
      const now = await reduce(png);
      // What is the same keeps its bytes, so that the history holds changes only.
      if (existsSync(pathOf(name)) && !findDifference(await decode(readFileSync(pathOf(name))), now)) return;
      mkdirSync(folder, { recursive: true });
      writeFileSync(pathOf(name), await encode(now));
    },
    finish({ approving = false, isWanted = () => true } = {}) {
      const approved = existsSync(folder) ? readdirSync(folder).map((file) => file.replace(/\.png$/, '')) : [];
      for (const name of approved.filter((one) => isWanted(one) && !taken.has(one))) {
        if (approving) rmSync(pathOf(name));
        else report('surplus', name, readFileSync(pathOf(name)));
      }
      return faults.sort((one, other) => one.name.localeCompare(other.name));
    },
  };
}
