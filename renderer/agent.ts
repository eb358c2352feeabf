import type { Result } from '#contract/errors.ts';
import type { CallName, CallRequest, Frame } from '#contract/screen.ts';

declare global {
  interface Window {
    /** All that the preload gives to a page. */
    readonly kazasu: {
      readonly call: (name: string, request: unknown) => Promise<Result<Record<string, never>>>;
      readonly onFrame: (listener: (frame: Frame) => void) => void;
    };
  }
}

/** Asks Electron main by a row of the table. What changes comes as a new frame, so nobody waits for the answer. */
export const call = <Name extends CallName>(name: Name, request: CallRequest<Name>): void => {
  window.kazasu.call(name, request).catch(() => undefined);
};

/** Tells main when the frame of this number is on the glass: the second animation frame begins after the first was drawn. */
export const reportPainted = (number: number): void => {
  requestAnimationFrame(() => requestAnimationFrame(() => call('window/painted', { number })));
};
