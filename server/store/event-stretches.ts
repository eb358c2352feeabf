import type { TerminalKind } from '#contract/audit.ts';
import type { EventRow } from './event-rows.ts';

/*
 * Journals bring the same few lines again and again: the screen of a terminal opened, locked, opened. Of lines that are written
 * together and have the same kind, terminal and person only the first of a stretch, its *mark*, has an entry in the indexes over
 * those three. `event.alike` says for a mark how many numbers further the last line is that it stands for (0: none but itself), and
 * is -1 for those others. So whoever looks for lines by kind, terminal or person says one of two things: `isMark`, where they are of
 * kinds that always stand for themselves, or `listAlong` or `listMany`, which find all.
 */

/**
 * Kinds whose lines may have no entry of their own. Nothing that somebody is judged, locked out or alarmed by: such is looked for by
 * `isMark`, and would be passed by.
 */
export const everydayKinds = [
  'screen.opened',
  'screen.locked',
  'link.lost',
  'link.restored',
  'reader.lost',
  'reader.ready',
  'card.misread',
] as const satisfies readonly TerminalKind[];
const everyday: ReadonlySet<string> = new Set(everydayKinds);
export const isEveryday = (kind: string): boolean => everyday.has(kind);

/** Numbers from a mark to the last that it may stand for, both counted. */
export const stretch = 128;

/**
 * SQL: that a line has its entry in the indexes over kind, terminal and person. Without it those are not used; with it lines of
 * everyday kinds are passed by.
 */
export const isMark = 'alike >= 0';

/** What else is asked of lines, as SQL: their times (of `e.at`), and the numbers from `lowest` to below `upper`. */
export interface Bounds {
  readonly lowest?: string | undefined;
  readonly upper?: string | undefined;
  readonly times?: readonly string[];
}

/**
 * SQL: `what` (of `e`) of all lines for which `along` holds: conditions on `e.kind`, `e.terminal` and `e.person`
 * alone. They come one by one, the newest first, as far as they are wanted; `limit` says so.
 *
 * Marks for which it holds are read downwards. A line lies less than a stretch above its own, so between the nearest of them at or
 * below it and the next one; what is there is read by its numbers, as far as any mark of that stretch reaches. A line has the time
 * of its mark, so it is in the same month.
 */
export const listAlong = (
  along: readonly string[],
  { lowest, upper, times = [] }: Bounds,
  limit: string | number,
  what = 'e.*',
): string => {
  const both = [...along, ...times, ...(upper === undefined ? [] : [`e.seq < ${upper}`])];
  const marks = [...both, `e.${isMark}`, ...(lowest === undefined ? [] : [`e.seq > ${lowest}::bigint - ${stretch}`])];
  const lines = [...both, ...(lowest === undefined ? [] : [`e.seq >= ${lowest}`])].join(' and ');
  return `select ${what} from (
      select e as line, e.seq, lag(e.seq) over down as above, max(e.seq + e.alike) over down as reach,
             min(e.at) over down as earliest, max(e.at) over down as latest
        from event e where ${marks.join(' and ')}
      window down as (order by e.seq desc range between current row and ${stretch - 1} following)) mark
    cross join lateral (
      select e.* from (select (mark.line).*) e where mark.reach = mark.seq and ${lines}
      union all
      select e.* from event_lines(mark.seq, least(mark.above, mark.reach + 1), mark.earliest, mark.latest) e
       where mark.reach > mark.seq and ${lines}) e
     order by mark.seq desc, e.seq desc limit ${limit}`;
};

/**
 * SQL: the same, for hundreds of thousands of lines; `what` has `e.seq` in it. Most stand alone, and to ask each of them what it
 * stands for takes ten times as long as to read it: only the others are.
 */
export const listMany = (along: readonly string[], bounds: Bounds, limit: string | number, what: string): string => {
  const { lowest, upper, times = [] } = bounds;
  const where = [
    ...along,
    'e.alike = 0',
    ...times,
    ...(upper === undefined ? [] : [`e.seq < ${upper}`]),
    ...(lowest === undefined ? [] : [`e.seq >= ${lowest}`]),
  ];
  return `(select ${what} from event e where ${where.join(' and ')} order by e.seq desc limit ${limit})
    union all (${listAlong([...along, 'e.alike <> 0'], bounds, limit, what)}) order by seq desc limit ${limit}`;
};

interface Mark {
  readonly kind: string;
  readonly person: string | null;
  readonly at: Date;
  readonly place: number;
  readonly seq: number;
}

/** `alike` of these lines, which are written together under these rising numbers. */
export const findAlike = (
  lines: readonly { readonly event: Omit<EventRow, 'id'> }[],
  seqs: readonly number[],
): Int16Array => {
  const alike = new Int16Array(lines.length);
  // A report is of one terminal: another one begins anew.
  let terminal: string | null = null;
  let marks: Mark[] = [];
  /** The newest of this kind and person that is near enough. */
  const tryFind = (kind: string, person: string | null, seq: number): Mark | undefined => {
    for (let place = marks.length - 1; place >= 0; place -= 1) {
      const mark = marks[place] as Mark;
      if (seq - mark.seq >= stretch) return undefined;
      if (mark.kind === kind && mark.person === person) return mark;
    }
    return undefined;
  };
  for (let place = 0; place < lines.length; place += 1) {
    const { event } = lines[place] as (typeof lines)[number];
    const { at, kind, person } = event;
    if (event.terminal !== terminal) {
      terminal = event.terminal;
      marks = [];
    }
    if (terminal === null || !everyday.has(kind) || event.actor !== null || event.support_code !== null) continue;
    const seq = seqs[place] as number;
    const mark = tryFind(kind, person, seq);
    if (mark !== undefined && mark.at.getTime() === at.getTime()) {
      alike[place] = -1;
      alike[mark.place] = seq - mark.seq;
    } else marks.push({ kind, person, at, place, seq });
  }
  return alike;
};
