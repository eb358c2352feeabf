/** One figure of the bench. `ok` compares `value` with `goal`; `floor` was measured in the same run, by the same clock. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: 'ms' | 's' | 'KiB' | 'MiB' | '%' | '×' | '/s';
  /** What the machine itself costs, or could do, without the product; null where there is no such thing. */
  readonly floor: number | null;
  readonly goal: number;
  readonly ok: boolean;
  readonly how: string;
}

/** A figure whose value must not be above its goal. */
export const figure = (parts: Omit<Figure, 'ok'>): Figure => ({ ...parts, ok: parts.value <= parts.goal });

/** A figure whose value must not be below its goal. */
export const figureAtLeast = (parts: Omit<Figure, 'ok'>): Figure => ({ ...parts, ok: parts.value >= parts.goal });

/** The value below which `share` of the samples lie (nearest rank). */
export const percentile = (samples: readonly number[], share: number): number => {
  if (samples.length === 0) throw new Error('no samples');
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
};

export const round = (value: number): number => Math.round(value * 10) / 10;

export function printTable(figures: readonly Figure[]): void {
  const rows = figures.map((each) => [
    each.name,
    `${round(each.value)} ${each.unit}`,
    each.floor === null ? '—' : `${round(each.floor)} ${each.unit}`,
    `${each.goal} ${each.unit}`,
    each.ok ? 'ok' : 'MISSED',
    each.how,
  ]);
  const head = ['figure', 'value', 'floor', 'goal', '', 'how'];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of [head, ...rows])
    process.stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
}

export const jsonLine = ({ name, value, unit, floor, goal, ok, how }: Figure): string =>
  JSON.stringify({ name, value: round(value), unit, floor: floor === null ? null : round(floor), goal, ok, how });
