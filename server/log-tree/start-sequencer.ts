import { type AfterEventsDeps, startAfterEvents } from '../after-events.ts';
import { createSequencer, type Sequencer, type SequencerDeps } from './sequencer.ts';

/** Places lines as they come. */
export const startSequencer = async (
  deps: SequencerDeps & AfterEventsDeps,
): Promise<Sequencer & { close(): Promise<void> }> => {
  const { run: work, halted } = createSequencer(deps);
  const { run, close } = await startAfterEvents(deps, {
    work,
    // A checkpoint at least every second.
    gathering: 400,
    anyway: 5000,
    putOff: 'placing lines of the log was put off',
  });
  return {
    run,
    halted,
    async close() {
      await close();
      await run();
      try {
        deps.seen.close();
      } catch (problem) {
        deps.log.error({ err: problem }, 'what was signed could not be written down');
      }
    },
  };
};
