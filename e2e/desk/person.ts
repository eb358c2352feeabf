import { createInterface } from 'node:readline';
import type { Desk } from './desk.ts';

/** Reads what a person types into the terminal, a word and Enter. */
export function listenToPerson(desk: Desk, end: () => void, signal: AbortSignal): void {
  const input = createInterface({ input: process.stdin, terminal: false, signal });
  input.on('line', (line) => {
    const [word = '', key = ''] = line.trim().split(/\s+(.*)/);
    if (word === '') return;
    if (word === 'q') return end();
    const act = { b: () => desk.openConsole(), t: () => desk.openTray(), code: () => desk.showCode(key) }[word];
    if (act === undefined)
      return desk.say('b: the console in a browser   t: the card tray   code KEY: a one-time code   q: end');
    Promise.resolve(act()).catch((problem: unknown) => desk.say(String(problem)));
  });
}
