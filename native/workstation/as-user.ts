import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const ask = promisify(execFile);

/**
 * setpriv(1) and its words: the user, all groups of that user and none of this process's, and no way back up by a program
 * that is set-user-ID. Needs the right to become another user, unless it is this one already.
 */
export async function asUser(user: string): Promise<readonly string[]> {
  const number = async (of: '-u' | '-g'): Promise<string> => (await ask('id', [of, '--', user])).stdout.trim();
  let uid: string;
  let gid: string;
  try {
    [uid, gid] = await Promise.all([number('-u'), number('-g')]);
  } catch {
    throw new Error(`There is no user ${user} on this machine.`);
  }
  if (Number(uid) === process.getuid?.()) return [];
  return ['/usr/bin/setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--no-new-privs', '--'];
}
