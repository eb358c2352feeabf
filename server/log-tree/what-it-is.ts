import { closeSync, openSync, readSync } from 'node:fs';
import { exportHeader } from '#contract/api/log.ts';

const readBeginning = (path: string): Buffer => {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(64 * 1024);
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(file);
  }
};

const beginnings: readonly (readonly [first: string, what: string])[] = [
  ['\x1f\x8b', 'It is compressed (gzip): unpack it first.'],
  ['PK\x03\x04', 'It is compressed (zip): unpack it first.'],
  ['\xef\xbb\xbf', 'It begins with a byte order mark, as an editor writes one: take the file as it was saved.'],
  ['\xff\xfe', 'It is UTF-16, as another program wrote it: take the file as it was saved.'],
  ['\xfe\xff', 'It is UTF-16, as another program wrote it: take the file as it was saved.'],
  ['age-encryption.org/', 'It is a backup, not an export of the log.'],
];

const versionOf = (line: string): unknown => {
  try {
    const { kazasu, version } = JSON.parse(line);
    return kazasu === exportHeader.shape.kazasu.value ? version : undefined;
  } catch {
    return undefined;
  }
};

/** What a file that is no sound export seems to be, for whoever took the wrong one; undefined where nothing tells. */
export const tryTellWhatItIs = (path: string): string | undefined => {
  const text = readBeginning(path).toString('latin1');
  if (text === '') return 'It is empty.';
  const known = beginnings.find(([first]) => text.startsWith(first));
  if (known !== undefined) return known[1];
  const [line = ''] = text.split('\n');
  const version = versionOf(line);
  const own = exportHeader.shape.version.value;
  if (typeof version === 'number' && version !== own)
    return `It is an export of version ${version}; this program knows version ${own}.`;
  return line.endsWith('\r')
    ? 'Its lines end as another program writes them (CR LF): take the file as it was saved.'
    : undefined;
};
