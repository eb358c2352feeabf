/** Resolves after the time; never, once `done` is aborted (and then keeps no timer). */
export function after(milliseconds: number, done: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (done.aborted) return;
    const timer = setTimeout(resolve, milliseconds);
    done.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
}
