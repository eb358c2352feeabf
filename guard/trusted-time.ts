import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { replaceFile } from './journal-file.ts';
import { codeOf, type Log } from './log.ts';
import type { Keychain } from './vault.ts';

/** Milliseconds since 1970 by the server's clock, and where the machine stood then. */
const point = z.strictObject({ server: z.number(), up: z.number(), boot: z.string() });
type Point = z.infer<typeof point>;
const shape = z.strictObject({ point, mac: z.string() });

export interface TrustedTimeDeps {
  readonly path: string;
  readonly key: Uint8Array;
  readonly keychain: Pick<Keychain, 'tryRead' | 'write'>;
  /** Where the keychain has how late it was: a file that is put back makes it no earlier. */
  readonly account: string;
  /** Milliseconds since the machine was switched on, with the time that it slept. */
  readonly upTime: () => number;
  /** Another one after each start of the machine. */
  readonly boot: string;
  /** The clock as it is set now. */
  readonly wall: () => number;
  readonly log: Log;
}

/**
 * What time it is without the server: its last word and what has passed since by a count that nobody can set. After the
 * machine was off, the clock is taken once, if it is not behind what has been seen before; then the count goes on from it.
 */
export interface TrustedTime {
  /** Null where no time can be believed: the clock was set back while the machine was off, or nothing was ever heard. */
  now(): number | null;
  /**
   * The server has said what time it is. What may have lain somewhere on its way is not `fresh`: it was so late at least, and
   * only something fresh puts the time back.
   */
  observe(server: number, fresh: boolean): void;
  /** Something that was kept elsewhere says that it is at least so late. */
  atLeast(server: number): void;
  /** Writes down how late it is. */
  keep(): Promise<void>;
}

/** How often the keychain is told (milliseconds). */
const anchorEvery = 5 * 60_000;

export async function openTrustedTime(deps: TrustedTimeDeps): Promise<TrustedTime> {
  const { account, boot, key, keychain, log, path, upTime, wall } = deps;
  const macOf = ({ server, up, boot: its }: Point): string =>
    createHmac('sha256', key)
      .update(JSON.stringify([server, up, its]))
      .digest('base64url');
  let seen = await read();
  let anchored = Number(await keychain.tryRead(account).catch(() => undefined)) || 0;
  let saving: Promise<void> = Promise.resolve();

  async function read(): Promise<Point | null> {
    try {
      const parsed = shape.safeParse(JSON.parse(await readFile(path, 'utf8')));
      if (!parsed.success) return null;
      const [given, right] = [Buffer.from(parsed.data.mac), Buffer.from(macOf(parsed.data.point))];
      return given.length === right.length && timingSafeEqual(given, right) ? parsed.data.point : null;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') log.warn('time-unreadable', { code: codeOf(error) });
      return null;
    }
  }

  /** The point of this run of the machine, if there can be one. */
  function here(): Point | null {
    if (seen === null) return null;
    const up = upTime();
    if (seen.boot === boot && up >= seen.up) return seen;
    const clock = wall();
    if (clock < seen.server) return null;
    seen = { server: clock, up, boot };
    return seen;
  }

  function now(): number | null {
    const from = here();
    return from === null ? null : from.server + upTime() - from.up;
  }

  function atLeast(server: number): void {
    if (seen !== null && (now() ?? seen.server) < server) seen = { server, up: 0, boot: '' };
  }

  async function write(next: Point): Promise<void> {
    await replaceFile(path, JSON.stringify({ point: next, mac: macOf(next) }));
    if (Math.abs(next.server - anchored) < anchorEvery) return;
    await keychain.write(account, String(next.server));
    anchored = next.server;
  }

  atLeast(anchored);
  return {
    now,
    atLeast,
    observe(server, fresh) {
      const known = now();
      if (fresh || (known !== null && server > known)) seen = { server, up: upTime(), boot };
    },
    keep() {
      const at = now();
      if (at === null) return saving;
      const next: Point = { server: at, up: upTime(), boot };
      saving = saving
        .then(() => write(next))
        .catch((error: unknown) => log.warn('time-not-kept', { code: codeOf(error) }));
      return saving;
    },
  };
}
