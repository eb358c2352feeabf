/** The processes of a terminal's server, by their origins, and the one that is spoken to: calls and stream move together. */
export interface Servers {
  readonly count: number;
  current(): string;
  /** This one does not answer: the next one is spoken to from now on. Whoever says so too late changes nothing. */
  leave(origin: string): void;
}

/** Terminals begin at any of them, so that each process has its share. */
export function createServers(origins: readonly string[], random: () => number = Math.random): Servers {
  let place = Math.floor(random() * origins.length);
  const current = (): string => origins[place] ?? '';
  return {
    count: origins.length,
    current,
    leave(origin) {
      if (origin === current()) place = (place + 1) % origins.length;
    },
  };
}
