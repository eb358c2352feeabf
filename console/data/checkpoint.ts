/** What a checkpoint of the log says (C2SP signed-note and tlog-checkpoint); whether it is signed is not looked at here. */
export interface ReadCheckpoint {
  readonly origin: string;
  readonly size: number;
  /** Base64. */
  readonly root: string;
  readonly at: string;
}

export const tryReadCheckpoint = (note: string): ReadCheckpoint | undefined => {
  const [origin = '', size = '', root = '', time = ''] = note.split('\n');
  const at = /^at (\S+Z)$/.exec(time)?.[1];
  if (origin === '' || root === '' || at === undefined || !/^\d{1,15}$/.test(size)) return undefined;
  return { origin, size: Number(size), root, at };
};
