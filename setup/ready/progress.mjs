import { Problem } from './problem.mjs';

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/** Work shorter than this shows nothing: a second start stays quiet. */
const quietFor = 700;
const lineEvery = 10_000;

/** @typedef {(note: string) => void} Note what the work is doing just now */

/**
 * Shows what takes longer than a moment: a spinner with the seconds on a terminal, plain lines elsewhere.
 * @param {NodeJS.WriteStream} [out]
 */
export function createProgress(out = process.stderr) {
  const clock = () => performance.now();

  /**
   * @template T
   * @param {string} title
   * @param {(note: Note) => Promise<T>} work
   * @returns {Promise<T>}
   */
  async function step(title, work) {
    const began = clock();
    let note = '';
    let frame = 0;
    let lastLine = 0;
    const seconds = () => ((clock() - began) / 1000).toFixed(1);
    const draw = () => {
      const passed = clock() - began;
      if (passed < quietFor) return;
      if (out.isTTY) {
        frame = (frame + 1) % frames.length;
        const text = `${frames[frame]} ${title} ${seconds()} s ${note}`;
        out.write(`\r\x1b[2K${text.slice(0, (out.columns || 80) - 1)}`);
      } else if (lastLine === 0 || passed - lastLine >= lineEvery) {
        out.write(lastLine === 0 ? `… ${title}\n` : `… ${title} (${seconds()} s) ${note}\n`);
        lastLine = passed;
      }
    };
    const timer = setInterval(draw, 100);
    const finish = (/** @type {string} */ mark, /** @type {boolean} */ failed) => {
      clearInterval(timer);
      if (clock() - began < quietFor && !failed) return;
      out.write(`${out.isTTY ? '\r\x1b[2K' : ''}${mark} ${title} (${seconds()} s)\n`);
    };
    try {
      const value = await work((text) => {
        note = text;
      });
      finish('✓', false);
      return value;
    } catch (error) {
      finish('✗', true);
      throw error;
    }
  }

  /** @param {unknown} error */
  function explain(error) {
    const text = error instanceof Problem ? error.message : error instanceof Error ? error.stack : String(error);
    out.write(`\n${text}\n`);
  }

  return { step, explain, say: (/** @type {string} */ text) => void out.write(`${text}\n`) };
}
