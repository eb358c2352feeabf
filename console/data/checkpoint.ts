/** What a checkpoint of the log says (C2SP signed-note and tlog-checkpoint); whether it is signed is not looked at here. */
export interface ReadCheckpoint {
  readonly origin: string;
  readonly size: number;
  /** Base64. */
  readonly root: string;
  readonly at: string;
}

/** Longest note that the server takes, in characters. */
export const longestCheckpoint = 8192;

/** As it was saved, after a way through editors, letters and the clipboard: line ends, a byte order mark, what is empty around it. */
export const tidyCheckpoint = (text: string): string => `${text.trim().replace(/\r\n?/g, '\n')}\n`;

export const tryReadCheckpoint = (note: string): ReadCheckpoint | undefined => {
  const [origin = '', size = '', root = '', time = ''] = note.split('\n');
  const at = /^at (\S+Z)$/.exec(time)?.[1];
  if (origin === '' || root === '' || at === undefined || !/^\d{1,15}$/.test(size)) return undefined;
  return { origin, size: Number(size), root, at };
};

/** What a line of the log says of itself, as far as it can be read. */
export const tryReadLine = (line: string): { readonly kind: string; readonly at: string; readonly id: string } => {
  const given = (name: string): string => new RegExp(`"${name}":"([^"\\\\]*)"`).exec(line)?.[1] ?? '';
  return { kind: given('kind'), at: given('at'), id: given('id') };
};
