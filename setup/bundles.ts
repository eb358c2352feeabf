import type { BuildOptions } from 'esbuild';

/** One folder of dist/, built from the entries of the rooms that run in Chromium. */
export interface Bundle {
  readonly folder: string;
  /** True: what is shipped. False: what tests and development use, with the switches that Playwright needs. */
  readonly release: boolean;
  readonly parts: readonly Part[];
  /** The page whose `main.js` and `main.css` become the names that were written. */
  readonly page: string;
  /** package.json of an Electron application; none for a web page. */
  readonly about?: Readonly<Record<string, string>>;
}

export interface Part {
  readonly entry: string;
  readonly name: string;
  readonly options: BuildOptions;
  /** npm packages that this bundle may carry; anything else fails the build. */
  readonly packages: readonly string[];
}

const common: BuildOptions = {
  bundle: true,
  write: false,
  metafile: true,
  legalComments: 'eof',
  logLevel: 'silent',
  charset: 'utf8',
  loader: { '.svg': 'file', '.png': 'file', '.woff2': 'file', '.wav': 'file' },
};

const page: BuildOptions = { ...common, platform: 'browser', target: 'chrome114', minify: true, jsx: 'automatic' };

/** Chromium 114 and Node 18 are what the oldest runtime that development may use carries. */
const electron: BuildOptions = {
  ...common,
  platform: 'node',
  format: 'cjs',
  target: 'node18',
  external: ['electron'],
  outExtension: { '.js': '.cjs' },
};

const react = ['react', 'react-dom', 'scheduler'];
const settings = [
  ...['electron-store', 'conf', 'ajv', 'ajv-formats', 'atomically', 'debounce-fn', 'dot-prop', 'env-paths', 'semver'],
  ...['json-schema-traverse', 'json-schema-typed', 'fast-deep-equal', 'fast-uri', 'mimic-function', 'mimic-fn'],
  ...['stubborn-fs', 'stubborn-utils', 'type-fest', 'uint8array-extras', 'when-exit', 'require-from-string'],
];

const screen = (folder: string, release: boolean): Bundle => {
  const define = { __RELEASE__: String(release), 'process.env.NODE_ENV': '"production"' };
  return {
    folder,
    release,
    page: 'renderer/index.html',
    about: { name: 'kazasu', productName: 'Kazasu', main: 'main.cjs' },
    parts: [
      {
        entry: 'electron/main/start.ts',
        name: 'main',
        options: { ...electron, define, minify: release },
        packages: [...settings, 'zod'],
      },
      {
        entry: 'electron/preload/start.ts',
        name: 'preload',
        options: { ...electron, define, minify: release },
        packages: [],
      },
      { entry: 'renderer/main.tsx', name: 'main', options: { ...page, define, format: 'iife' }, packages: react },
    ],
  };
};

export const bundles: readonly Bundle[] = [
  screen('dist/screen', false),
  screen('dist/release/screen', true),
  {
    folder: 'dist/console',
    release: true,
    page: 'console/index.html',
    parts: [
      {
        entry: 'console/main.tsx',
        name: 'main',
        options: {
          ...page,
          define: { __RELEASE__: 'true', 'process.env.NODE_ENV': '"production"' },
          format: 'esm',
          entryNames: '[name]-[hash]',
        },
        packages: [...react, 'uqr'],
      },
    ],
  },
];
