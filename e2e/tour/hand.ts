import type { Display } from '#setup/display.ts';
import { run } from '#setup/run.ts';

/** A person at the mouse: without it a terminal warns and locks. */
export interface Hand {
  work(): void;
  /** Stays where it is and does nothing. */
  rest(): void;
  /** Rests, out of the picture. */
  leave(): void;
}

export function createHand(display: Display): Hand {
  let timer: NodeJS.Timeout | undefined;
  let step = 0;
  const move = (x: number, y: number): void =>
    void run('xdotool', ['mousemove', String(x), String(y)], {
      env: { ...process.env, ...display.env },
      within: 2_000,
    });
  const wander = (): void => {
    step += 1;
    move(1_180 + (step % 4) * 6, 720 + (step % 3) * 6);
  };
  const rest = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  return {
    work() {
      rest();
      wander();
      timer = setInterval(wander, 800);
    },
    rest,
    leave() {
      rest();
      move(4_000, 4_000);
    },
  };
}
