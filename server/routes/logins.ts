import { availableParallelism } from 'node:os';
import type { ServerDeps } from '../deps.ts';
import { createHashQueue } from '../hash-queue.ts';
import type { Begun } from '../logins/begun.ts';
import { createAttemptRoutes } from './attempts.ts';
import type { Handlers } from './handlers.ts';
import { createKeypadRoutes } from './keypad.ts';
import { createSessionRoutes } from './sessions.ts';

/** What terminals ask: attempts, sessions, and their part of enrolment. */
export const createLoginsRoutes = (deps: ServerDeps, begun: Begun) => {
  // One more than there are cores: the next hash is at hand when one ends, not when the event loop has heard of it.
  const queue = createHashQueue(availableParallelism() + 1);
  return {
    ...createAttemptRoutes(deps, { queue, begun }),
    ...createKeypadRoutes(deps, queue),
    ...createSessionRoutes(deps),
  } satisfies Partial<Handlers>;
};
