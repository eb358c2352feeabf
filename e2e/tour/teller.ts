import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePng, type Picture } from './framebuffer.ts';

export interface Step {
  readonly number: number;
  readonly chapter: string;
  readonly words: string;
  /** What was read off the screens. */
  readonly seen: string[];
  readonly pictures: string[];
  /** Milliseconds since the tour began. */
  readonly at: number;
  took: number;
  result: 'held' | 'failed' | 'interrupted';
}

/** Adds to the step that is played. */
export interface Telling {
  /** Words that stand on a screen, or another plain fact that was checked. */
  saw(words: string): void;
  picture(name: string, taken: Promise<Buffer | Picture>): Promise<void>;
}

export interface Teller {
  readonly steps: readonly Step[];
  chapter(title: string): void;
  /** Plays one step, and shows that it is under way; what it throws is thrown on. */
  step<Value>(words: string, play: (telling: Telling) => Promise<Value>): Promise<Value>;
  say(line: string): void;
  /** Resolves when every picture is on the disk. */
  written(): Promise<void>;
}

/** Longer than any wait inside a step: a step that hangs is named too. */
const longestStep = 90_000;
const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

export const clock = (milliseconds: number): string => {
  const tenths = Math.floor(milliseconds / 100);
  return `${Math.floor(tenths / 600)}:${String(Math.floor((tenths % 600) / 10)).padStart(2, '0')}.${tenths % 10}`;
};

/** Tells the story on the terminal, one numbered line a step, and remembers it. */
export function createTeller(folder: string, interrupted: AbortSignal, out = process.stdout): Teller {
  const began = performance.now();
  const steps: Step[] = [];
  const pending: Promise<void>[] = [];
  let chapter = '';
  let pictures = 0;
  const since = (): number => performance.now() - began;
  const lineOf = (step: Step): string => `${String(step.number).padStart(2)}  ${clock(step.at)}  `;

  const watch = (step: Step): (() => void) => {
    let frame = 0;
    const draw = (): void => {
      const running = `${frames[frame++ % frames.length]} ${step.words} ${((since() - step.at) / 1000).toFixed(1)} s`;
      out.write(`\r\x1b[2K${cut(`${lineOf(step)}${running}`, (out.columns || 80) - 1)}`);
    };
    if (out.isTTY) draw();
    // Without a terminal: a line for what takes longer than a moment.
    const timer = out.isTTY
      ? setInterval(draw, 100)
      : setInterval(() => out.write(`${lineOf(step)}… ${step.words} (${clock(since() - step.at)})\n`), 5_000);
    return () => clearInterval(timer);
  };

  const finish = (step: Step): void => {
    const mark = { held: '✓', failed: '✗', interrupted: '–' }[step.result];
    const took = `(${(step.took / 1000).toFixed(1)} s)`;
    const margin = ' '.repeat(lineOf(step).length + 2);
    const facts = [...step.seen, ...(step.pictures.length > 0 ? [`→ ${step.pictures.join(', ')}`] : [])];
    out.write(`${out.isTTY ? '\r\x1b[2K' : ''}${lineOf(step)}${mark} ${step.words} ${took}\n`);
    for (const fact of facts) out.write(`${margin}${fact}\n`);
  };

  return {
    steps,
    say: (line) => void out.write(`${line}\n`),
    chapter(title) {
      chapter = title;
      out.write(`\n${title}\n`);
    },
    async step(words, play) {
      const step: Step = {
        number: steps.length + 1,
        chapter,
        words,
        seen: [],
        pictures: [],
        at: since(),
        took: 0,
        result: 'held',
      };
      steps.push(step);
      const stopWatching = watch(step);
      const limit = AbortSignal.timeout(longestStep);
      try {
        return await Promise.race([
          play({
            saw: (fact) => void step.seen.push(fact),
            async picture(name, taken) {
              pictures += 1;
              const file = `${String(pictures).padStart(2, '0')}-${name}.png`;
              const picture = await taken;
              step.pictures.push(file);
              pending.push(save(join(folder, file), picture));
            },
          }),
          whenAborted(interrupted, 'interrupted'),
          whenAborted(limit, `The step did not end within ${longestStep / 1000} s`),
        ]);
      } catch (error) {
        step.result = interrupted.aborted ? 'interrupted' : 'failed';
        throw error;
      } finally {
        step.took = since() - step.at;
        stopWatching();
        finish(step);
      }
    },
    async written() {
      await Promise.all(pending);
    },
  };
}

/** Cut to this many columns: a Japanese character takes two, and a line that wraps cannot be drawn over. */
function cut(line: string, columns: number): string {
  let left = columns;
  let kept = '';
  for (const character of line) {
    left -= /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/.test(
      character,
    )
      ? 2
      : 1;
    if (left < 0) break;
    kept += character;
  }
  return kept;
}

async function save(file: string, picture: Buffer | Picture): Promise<void> {
  writeFileSync(file, Buffer.isBuffer(picture) ? picture : await encodePng(picture));
}

function whenAborted(signal: AbortSignal, why: string): Promise<never> {
  return new Promise((_resolve, reject) => {
    const end = (): void => reject(new Error(why));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
