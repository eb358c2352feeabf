export const pageProtocol = 'app:';
export const pageHost = 'ui';

/** Parses an address by the URL standard. (Node 18 has no `URL.parse` and no `URL.canParse`.) */
const tryParseAddress = (address: string): URL | undefined => {
  try {
    return new URL(address);
  } catch {
    return undefined;
  }
};

/** `origin` of such an address is the string "null" in Node, so protocol and host are compared. */
export const isOwnPage = (address: string): boolean => {
  const url = tryParseAddress(address);
  return url !== undefined && url.protocol === pageProtocol && url.host === pageHost;
};

/** True for an address of an `https:` origin; every other address has no such origin. */
export const isWithin = (address: string, origin: string): boolean => tryParseAddress(address)?.origin === origin;
