import type { Site } from '../site.ts';
import type { ServerName, TerminalName } from '../table.ts';

/** What a fault does. */
export interface Strike {
  readonly site: Site;
  /** Of the terminal that it strikes, if it strikes one. */
  readonly terminal: TerminalName;
  /** Of the process of the server that it strikes, if it strikes one. */
  readonly server: ServerName;
  /** From 0 to below 1: whatever it has to choose follows from it. */
  readonly dice: number;
}

/** Heals it. */
export type Heal = () => Promise<void> | void;

/** Strikes. What it answers is called when its time is over; nothing where it needs no healing. */
export type Fault = (strike: Strike) => Promise<Heal | undefined> | Heal | undefined;
