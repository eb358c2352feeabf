import fc from 'fast-check';
import { z } from 'zod';

/** As much of a JSON Schema (2020-12) as the contract's schemas become. */
export interface Shape {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Shape;
  readonly propertyNames?: Shape;
  readonly items?: Shape;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Keeps what was made of a schema: the same few are asked for with every request. */
const keepBySchema = <Made>(make: (schema: z.ZodType) => Made): ((schema: z.ZodType) => Made) => {
  const kept = new WeakMap<z.ZodType, Made>();
  return (schema) => {
    if (!kept.has(schema)) kept.set(schema, make(schema));
    return kept.get(schema) as Made;
  };
};

const toShape = (schema: z.ZodType, io: 'input' | 'output'): Shape =>
  z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Shape;
const shapes = {
  input: keepBySchema((schema) => toShape(schema, 'input')),
  output: keepBySchema((schema) => toShape(schema, 'output')),
};
export const shapeOf = (schema: z.ZodType, io: 'input' | 'output' = 'input'): Shape => shapes[io](schema);

/** Another source of the values of one member, such as those that a server gave before. */
export type Words = (name: string, shape: Shape, usual: fc.Arbitrary<unknown>) => fc.Arbitrary<unknown>;
const noWords: Words = (_name, _shape, usual) => usual;

const isLeftOut = Symbol('left out');
const instants = fc.date({ min: new Date('1970-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
const latin = [...'abcdefghijklmnopqrstuvwxyz0123456789-_.@ '];
const letters = fc.constantFrom(...latin, ...'山田花子ヤマダäßé😀');

const textOf = ({ format, pattern, minLength = 0, maxLength = 200 }: Shape): fc.Arbitrary<string> => {
  if (format === 'uuid') return fc.uuid({ version: 4 });
  if (format === 'date-time') return instants.map((date) => date.toISOString());
  if (format === 'base64url') {
    const bytes = { minLength: 1, maxLength: Math.min(Math.floor((maxLength * 3) / 4), 60) };
    return fc.uint8Array(bytes).map((given) => Buffer.from(given).toString('base64url'));
  }
  if (format === 'cidrv4') return fc.constantFrom('10.20.0.0/16', '192.0.2.0/24');
  if (format === 'cidrv6') return fc.constant('2001:db8::/32');
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  return fc.string({ unit: letters, minLength, maxLength: Math.max(minLength, Math.min(maxLength, 30)) });
};

const numberOf = ({ type, minimum, maximum }: Shape): fc.Arbitrary<number> => {
  const min = Math.max(minimum ?? -1e6, Number.MIN_SAFE_INTEGER);
  const max = Math.max(min, Math.min(maximum ?? 1e6, Number.MAX_SAFE_INTEGER));
  return type === 'integer' ? fc.integer({ min, max }) : fc.double({ min, max, noNaN: true });
};

const objectOf = (shape: Shape, words: Words): fc.Arbitrary<unknown> => {
  const { properties = {}, required = [], additionalProperties, propertyNames } = shape;
  const known = Object.fromEntries(
    Object.entries(properties).map(([name, one]) => {
      const own = words(name, one, valuesOf(one, words));
      return [name, required.includes(name) ? own : fc.option(own, { nil: isLeftOut, freq: 2 })];
    }),
  );
  const whole = fc
    .record<Record<string, unknown>>(known, { noNullPrototype: true })
    .map((given) => Object.fromEntries(Object.entries(given).filter(([, value]) => value !== isLeftOut)));
  // An open object (`{}`) takes anything; what it should get there is known by name alone.
  if (typeof additionalProperties !== 'object' || Object.keys(additionalProperties).length === 0) return whole;
  const names = propertyNames === undefined ? fc.string({ unit: letters, maxLength: 20 }) : textOf(propertyNames);
  const more = fc.dictionary(names, valuesOf(additionalProperties, words), { maxKeys: 3, noNullPrototype: true });
  return fc.tuple(whole, more).map(([one, other]) => ({ ...other, ...one }));
};

const valuesOf = (shape: Shape, words: Words): fc.Arbitrary<unknown> => {
  if ('const' in shape) return fc.constant(shape.const);
  if (shape.enum !== undefined) return fc.constantFrom(...shape.enum);
  const either = shape.anyOf ?? shape.oneOf;
  if (either !== undefined) return fc.oneof(...either.map((one) => valuesOf(one, words)));
  if (Array.isArray(shape.type)) return fc.oneof(...shape.type.map((type) => valuesOf({ ...shape, type }, words)));
  switch (shape.type) {
    case 'object':
      return objectOf(shape, words);
    case 'array': {
      const { items = {}, minItems = 0, maxItems = 5 } = shape;
      return fc.array(valuesOf(items, words), {
        minLength: minItems,
        maxLength: Math.max(minItems, Math.min(maxItems, 4)),
      });
    }
    case 'string':
      return textOf(shape);
    case 'integer':
    case 'number':
      return numberOf(shape);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case undefined:
      return fc.jsonValue({ maxDepth: 2 });
    default:
      throw new Error(`no values are known for a ${shape.type}`);
  }
};

/** Values that a part of a row takes, as far as its JSON Schema tells: a rule that is code may still refuse one. */
export const arbitraryOf = (schema: z.ZodType, words: Words = noWords): fc.Arbitrary<unknown> =>
  valuesOf(shapeOf(schema), words);

/** Values that a part of a row takes. */
export const validOf = keepBySchema(
  (schema): fc.Arbitrary<unknown> => arbitraryOf(schema).filter((value) => schema.safeParse(value).success),
);

const deep = (levels: number): unknown => {
  let value: unknown = 0;
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
};

/** What one place of a value is replaced by. */
const replacements = {
  null: null,
  array: [],
  object: {},
  number: 7,
  boolean: true,
  text: 'text',
  empty: '',
  huge: 'x'.repeat(5000),
  nul: 'a\u0000b',
  surrogate: 'a\ud800b',
  bidi: 'a\u202eb\u2066c',
  deep: deep(400),
  negative: -1,
  float: 0.5,
  immense: 1e308,
  beyond: Number.MAX_SAFE_INTEGER,
  'most-negative': -Number.MAX_SAFE_INTEGER,
  'full-width': '１２３４５６７８',
  quote: `'; drop table event; --"\\`,
  spaces: ' \t\r\n ',
  past: '0000-01-01T00:00:00Z',
  future: '9999-12-31T23:59:59.999+14:00',
} as const;
/** Members that are added to an object. */
const additions = { unknown: 'isAdmin', proto: '__proto__', constructor: 'constructor' } as const;
export type Hurt = keyof typeof replacements | keyof typeof additions | 'missing';
export const hurts = [...Object.keys(replacements), ...Object.keys(additions), 'missing'] as readonly Hurt[];

type Path = readonly (string | number)[];
const placesOf = (value: unknown, at: Path = []): Path[] => {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([name, inner]) => placesOf(inner, [...at, name]))];
};

const define = (target: object, name: string | number, value: unknown): void =>
  void Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true });

const change = (value: unknown, [name, ...rest]: Path, act: (value: unknown) => unknown): unknown => {
  if (name === undefined) return act(value);
  const copy = Array.isArray(value) ? [...value] : { ...(value as object) };
  const inner = change((copy as Record<string, unknown>)[name], rest, act);
  if (inner === isLeftOut) delete (copy as Record<string, unknown>)[name];
  else define(copy, name, inner);
  // An element that was taken out leaves no hole.
  return Array.isArray(copy) ? copy.filter(() => true) : copy;
};

/** Hurts a value at one of its places; `where` chooses it. A member can be missing only where there is one. */
export const hurt = (value: unknown, how: Hurt, where: number): unknown => {
  const places = placesOf(value);
  const pick = (among: readonly Path[]): Path => among[where % Math.max(among.length, 1)] ?? [];
  if (how === 'missing') {
    const inner = places.filter((one) => one.length > 0);
    return inner.length === 0 ? undefined : change(value, pick(inner), () => isLeftOut);
  }
  if (Object.hasOwn(replacements, how))
    return change(value, pick(places), () => replacements[how as keyof typeof replacements]);
  const name = additions[how as keyof typeof additions];
  return change(value, pick(places), (old) => {
    const copy = { ...(typeof old === 'object' && old !== null && !Array.isArray(old) ? old : {}) };
    define(copy, name, { isAdmin: true });
    return copy;
  });
};

export const hurtsOf: fc.Arbitrary<{ readonly how: Hurt; readonly where: number }> = fc.record({
  how: fc.constantFrom(...hurts),
  where: fc.nat({ max: 1000 }),
});

/** Values that a part of a row refuses, nearly right ones among them. */
export const invalidOf = keepBySchema(
  (schema): fc.Arbitrary<unknown> =>
    fc
      .tuple(validOf(schema), hurtsOf)
      .map(([value, { how, where }]) => hurt(value, how, where))
      // As it arrives: JSON has no `undefined` and no members without a value.
      .filter((value) => !schema.safeParse(value && JSON.parse(JSON.stringify(value))).success),
);

/** Draws one value after another, the same ones for the same seed. */
export const createDraw = <Value>(arbitrary: fc.Arbitrary<Value>, seed: number): (() => Value) => {
  const atOnce = 50;
  let batch: Value[] = [];
  let drawn = 0;
  return () => {
    if (batch.length === 0) {
      batch = fc.sample(arbitrary, { numRuns: atOnce, seed: seed + drawn });
      drawn += 1;
    }
    return batch.pop() as Value;
  };
};
