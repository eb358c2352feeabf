import { dirname, join } from 'node:path';

/** The folder that holds package.json. */
export const root = dirname(import.meta.dirname);

/** What set-up downloads or builds and may be deleted at any time. */
export const cacheFolder = join(root, '.cache');

/** The Node that runs TypeScript (the one running this file). */
export const node = process.execPath;

/** The screen's application folder, as `electron` wants it. */
export const screenFolder = join(root, 'dist', 'screen');
