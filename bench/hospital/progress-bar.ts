/** A bar on a terminal, a line now and then elsewhere. */
export const createBar = (out: NodeJS.WriteStream) => {
  const began = performance.now();
  const lineEvery = 10_000;
  const width = 30;
  let lastLine = Number.NEGATIVE_INFINITY;
  const seconds = (): string => ((performance.now() - began) / 1000).toFixed(0);
  return {
    show(what: string, share: number): void {
      const done = Math.round(Math.min(1, Math.max(0, share)) * width);
      const text = `${'█'.repeat(done)}${'░'.repeat(width - done)} ${Math.round(share * 100)} % ${what} ${seconds()} s`;
      if (out.isTTY) out.write(`\r\x1b[2K${text}`);
      else if (performance.now() - lastLine >= lineEvery) {
        lastLine = performance.now();
        out.write(`${text}\n`);
      }
    },
    end(what: string): void {
      out.write(`${out.isTTY ? '\r\x1b[2K' : ''}✓ ${what} in ${seconds()} s\n`);
    },
  };
};
