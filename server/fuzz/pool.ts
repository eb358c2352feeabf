import fc from 'fast-check';
import type { Shape, Words } from '../testing-shapes.ts';

/** A member for which a value that the server gave before is wanted; `usual` where there is none. */
export class Wanted {
  /** Under which it may be known, the better one first. */
  readonly keys: readonly string[];
  /** JSON type; undefined: any. */
  readonly type: string | undefined;
  readonly pick: number;
  readonly usual: unknown;
  constructor(name: string, shape: Shape, pick: number, usual: unknown) {
    const kind = kindOf(shape);
    this.keys = kind === undefined ? [name] : [`${kind} id`, name];
    const { type } = shape;
    this.type = type === 'integer' ? 'number' : typeof type === 'string' ? type : undefined;
    this.pick = pick;
    this.usual = usual;
  }
}

const kindOf = ({ description = '' }: Shape): string | undefined => /^identifier of a (\w+)$/.exec(description)?.[1];

/** Most members are wanted from the pool. */
export const wantWords: Words = (name, shape, usual) => {
  if (shape.enum !== undefined || shape.const !== undefined || shape.type === 'boolean') return usual;
  const wanted = fc
    .tuple(fc.nat({ max: 1_000_000 }), usual)
    .map(([pick, value]) => new Wanted(name, shape, pick, value));
  return fc.oneof({ weight: 5, arbitrary: wanted }, { weight: 1, arbitrary: usual });
};

/** Values that came together, by their names and kinds. A function is called when its value is sent. */
export type Together = Readonly<Record<string, unknown>>;

const typeOf = (value: unknown): string => {
  if (typeof value === 'function') return 'string';
  return Array.isArray(value) ? 'array' : typeof value;
};

const mostOfOne = 200;
const mostTogether = 30;
const toSend = (value: unknown): unknown => (typeof value === 'function' ? (value as () => unknown)() : value);

/** What was given before: single values by name or kind, and of each sender the answers that it got last. */
/** `fixed` are names whose values are taught and not learnt. */
export const createPool = (random: () => number, fixed: ReadonlySet<string>) => {
  const known = new Map<string, unknown[]>();
  const answers = new Map<string, Together[]>();
  const keep = (name: string, value: unknown): void => {
    for (const key of [name, `${name} ${typeOf(value)}`]) keepAs(key, value);
  };
  const keepAs = (key: string, value: unknown): void => {
    const list = known.get(key) ?? [];
    known.set(key, list);
    if (list.length < mostOfOne) list.push(value);
    else list[Math.floor(random() * list.length)] = value;
  };
  const keyIn = (together: Together, { keys, type }: Wanted): string | undefined => {
    for (const key of keys) {
      const value = together[key];
      if (value !== undefined && (type === undefined || typeOf(value) === type)) return key;
    }
    return undefined;
  };
  const listOf = ({ keys, type }: Wanted): readonly unknown[] | undefined => {
    for (const key of keys) {
      const list = known.get(type === undefined ? key : `${key} ${type}`);
      if (list !== undefined) return list;
    }
    return undefined;
  };

  /** The values of an answer, each under its name and, as its schema has it, its kind. */
  const walk = (value: unknown, shape: Shape, name: string, found: Record<string, unknown>): void => {
    const kind = kindOf(shape);
    if (kind !== undefined && typeof value === 'string') found[`${kind} id`] ??= value;
    if (Array.isArray(value)) {
      // One of them stands for all.
      const at = Math.floor(random() * value.length);
      if (value.length > 0) walk(value[at], shape.items ?? {}, name, found);
    } else if (typeof value === 'object' && value !== null) {
      const shapes = [shape, ...(shape.anyOf ?? []), ...(shape.oneOf ?? [])];
      for (const [member, inner] of Object.entries(value)) {
        const own = shapes.find(({ properties = {} }) => Object.hasOwn(properties, member));
        walk(inner, own?.properties?.[member] ?? {}, member, found);
      }
      const { id, meta } = value as { id?: unknown; meta?: { resourceType?: string } };
      if (id !== undefined && meta?.resourceType !== undefined) found[meta.resourceType.toLowerCase()] ??= id;
    }
    // What a resource says that it is fits none of another kind.
    if (value !== null && name !== '' && name !== 'schemas') found[name] ??= value;
  };
  return {
    /** Keeps values that are known to be good together. */
    teach: (together: Together, sender?: string): void => {
      for (const [name, value] of Object.entries(together)) {
        if (sender === undefined || !fixed.has(name)) keep(name, value);
      }
      if (sender === undefined) return;
      const list = answers.get(sender) ?? [];
      answers.set(sender, list);
      list.push(together);
      if (list.length > mostTogether) list.shift();
    },
    read: (answer: unknown, shape: Shape, sent: Together): Record<string, unknown> => {
      const found: Record<string, unknown> = {};
      walk(answer, shape, '', found);
      return { ...sent, ...found };
    },
    /** Puts known values into a request, such as came together where there are any. */
    fill: (value: unknown, senders: readonly string[]): unknown => {
      const wanted: Wanted[] = [];
      const find = (part: unknown): void => {
        if (part instanceof Wanted) wanted.push(part);
        else if (typeof part === 'object' && part !== null) for (const inner of Object.values(part)) find(inner);
      };
      find(value);
      let best: Together = {};
      let most = 0;
      if (wanted.length > 1 || (wanted.length === 1 && random() < 0.5)) {
        for (const together of senders.flatMap((sender) => answers.get(sender) ?? [])) {
          let fits = 0;
          for (const one of wanted) if (keyIn(together, one) !== undefined) fits += 1;
          const better = fits > most || (fits === most && fits > 0 && random() < 0.3);
          if (better) [best, most] = [together, fits];
        }
      }
      const resolve = (part: unknown): unknown => {
        if (part instanceof Wanted) {
          const own = keyIn(best, part);
          if (own !== undefined && random() < 0.95) return toSend(best[own]);
          const list = listOf(part);
          return list === undefined ? resolve(part.usual) : toSend(list[part.pick % list.length]);
        }
        if (Array.isArray(part)) return part.map(resolve);
        if (typeof part !== 'object' || part === null) return part;
        return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, resolve(inner)]));
      };
      return resolve(value);
    },
  };
};
export type Pool = ReturnType<typeof createPool>;
