/**
 * Gives the memory of a body back that nobody reads any more, where it has its own: it is empty then. Left to the collector of
 * garbage, hundreds of kilobytes of each report outlived its quick rounds, and had it go through the whole heap again and again.
 */
export const freeBytes = (body: Uint8Array): void => {
  const { buffer } = body;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === body.byteLength) buffer.transfer(0);
};
