/** How long a person waits for the server, and how long its answer is still heard (milliseconds). */
const patience = 2_000;
export const lateLimit = 6_000;

/** Gives up for the person; an answer that comes later still counts, so that no session is left behind on the server. */
export async function heardLate<Answer>(
  answer: Promise<Answer>,
  giveUp: () => void,
  after = patience,
): Promise<Answer> {
  const timer = setTimeout(giveUp, after);
  try {
    return await answer;
  } finally {
    clearTimeout(timer);
  }
}
