import { createServer } from 'node:net';
import { findListener } from './processes.ts';
import { DeskProblem } from './settings.ts';

const usualPort = 8443;
const furthest = 100;

/** The port for the server. One that was asked for must be free; else the usual one, or the next that is free. */
export async function choosePort(wanted: number | undefined, say: (line: string) => void): Promise<number> {
  const first = wanted ?? usualPort;
  if (await isFree(first)) return first;
  const taken = `Port ${first} is taken by ${nameHolder(first)}`;
  if (wanted !== undefined) throw new DeskProblem(`${taken}. End it, or choose another: KAZASU_PORT=${first + 1}`);
  for (let port = first + 1; port < first + furthest; port += 1) {
    if (!(await isFree(port))) continue;
    say(`${taken}; using ${port}.`);
    return port;
  }
  throw new DeskProblem(`${taken}, and no port up to ${first + furthest} is free`);
}

function nameHolder(port: number): string {
  const holder = findListener(port);
  return holder ? `process ${holder.pid} (${holder.name})` : 'a process of another user';
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
