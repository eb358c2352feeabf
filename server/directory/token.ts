import type { DirectoryClientId } from '#contract/ids.ts';
import { createToken } from '../tokens.ts';

/** By its beginning whoever finds a token knows what it opens. */
const prefix = 'kzd';

/** A bearer token: the client that it belongs to, and a secret of 256 bits of which the hash is stored. */
export const makeToken = (client: DirectoryClientId): { readonly token: string; readonly secret: string } => {
  const secret = createToken();
  return { token: `${prefix}_${client.replaceAll('-', '')}_${secret}`, secret };
};

export const splitToken = (
  token: string,
): { readonly client: DirectoryClientId; readonly secret: string } | undefined => {
  const found = /^kzd_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})_([\w-]{43})$/.exec(token);
  if (found === null) return undefined;
  return { client: found.slice(1, 6).join('-') as DirectoryClientId, secret: found[6] ?? '' };
};
