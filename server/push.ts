import type { Pushed } from '#contract/api/terminals.ts';
import type { TerminalId } from '#contract/ids.ts';
import type { Transaction } from './store/database.ts';

/** Reaches terminals that hold a push stream, on whichever server process. */
export interface Push {
  /** Sent when the transaction commits; lost when the terminal is not connected, so ask `isOnline` first where that matters. */
  toTerminal(tx: Transaction, terminal: TerminalId, pushed: Pushed): Promise<void>;
  toAll(tx: Transaction, pushed: Pushed): Promise<void>;
  /** Whether the terminal was heard of within the last seconds. */
  isOnline(tx: Transaction, terminal: TerminalId): Promise<boolean>;
  /** Ends every connection of a terminal on all server processes when the transaction commits. */
  cut(tx: Transaction, terminal: TerminalId): Promise<void>;
}
