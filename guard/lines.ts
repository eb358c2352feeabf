/** Cuts what comes over a socket into lines; throws when one is longer than `longest` bytes. */
export function createLines(longest: number): { push(chunk: Buffer): string[] } {
  let rest: Buffer[] = [];
  let size = 0;
  return {
    push(chunk) {
      const lines: string[] = [];
      let start = 0;
      for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, start)) {
        const line = Buffer.concat([...rest, chunk.subarray(start, end)]);
        if (line.length > longest) throw new RangeError('line too long');
        lines.push(line.toString('utf8'));
        rest = [];
        size = 0;
        start = end + 1;
      }
      const tail = chunk.subarray(start);
      size += tail.length;
      if (size > longest) throw new RangeError('line too long');
      if (tail.length > 0) rest.push(Buffer.from(tail));
      return lines;
    },
  };
}
