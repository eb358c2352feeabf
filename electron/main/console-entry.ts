import { request } from 'node:https';

/** The cookie of a signed-in console, as the server sets it. */
export interface ConsoleCookie {
  readonly name: string;
  readonly value: string;
}

const longestWait = 8000;

/** Name and value of a `Set-Cookie` line (RFC 6265, 5.2); what else it says is fixed for every console cookie. */
export const parseCookie = (line: string): ConsoleCookie | undefined => {
  const found = /^\s*(__Host-[\w.-]+)=([^;\s]+)/.exec(line);
  return found?.[1] !== undefined && found[2] !== undefined ? { name: found[1], value: found[2] } : undefined;
};

/**
 * Spends the ticket: POST {origin}/v1/console/enter as JSON. Only a server whose certificate the authority signed for
 * this host is spoken to. Rejects when it cannot be reached or refuses; the ticket is never part of an address or error.
 * (Not by a browser session's `fetch`: that fails where a server may take client certificates.)
 */
export const enterConsole = (origin: string, ticket: string, authority: string): Promise<readonly ConsoleCookie[]> =>
  new Promise((resolve, reject) => {
    const body = JSON.stringify({ ticket });
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), origin };
    const asking = request(
      `${origin}/v1/console/enter`,
      { method: 'POST', headers, ca: authority, minVersion: 'TLSv1.3', agent: false, timeout: longestWait },
      (answer) => {
        answer.resume();
        const cookies = (answer.headers['set-cookie'] ?? []).map(parseCookie).filter((one) => one !== undefined);
        if (answer.statusCode === 200 && cookies.length > 0) resolve(cookies);
        else reject(new Error(`the server refused the ticket (${answer.statusCode})`));
      },
    );
    asking.on('timeout', () => asking.destroy(new Error('the server did not answer in time')));
    asking.on('error', reject);
    asking.end(body);
  });
