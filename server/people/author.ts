import type { EventInput } from '#contract/audit.ts';
import type { PersonId, TerminalId } from '#contract/ids.ts';
import type { ConsoleSender, DirectorySender } from '../routes/handlers.ts';

/** Who changes people, as the events say it: somebody at the console, a directory, or the server itself. */
export interface Author {
  readonly actor: PersonId | null;
  readonly terminal: TerminalId | null;
  /** Names the directory, or the import. */
  readonly detail: NonNullable<EventInput['detail']>;
}

export const authorOf = (sender: ConsoleSender | DirectorySender): Author =>
  sender.kind === 'console'
    ? { actor: sender.person, terminal: sender.terminal, detail: {} }
    : { actor: null, terminal: null, detail: { directory: sender.name } };
