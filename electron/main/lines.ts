/** The longest line of the socket, in characters: a console ticket with its authority in PEM fits many times. */
export const longestLine = 256 * 1024;

export interface LineReader {
  /** Complete lines in what has arrived; `null` when a line is too long, after which the connection must end. */
  readonly push: (text: string) => readonly string[] | null;
}

/** Cuts a stream of text into lines. The guard cuts its own end of the socket: the two rooms have nothing but schemas in common. */
export const createLineReader = (longest = longestLine): LineReader => {
  let rest = '';
  return {
    push: (text) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      if (rest.length > longest || parts.some((line) => line.length > longest)) return null;
      return parts.filter((line) => line.length > 0);
    },
  };
};
