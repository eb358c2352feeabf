import { fail, type Result, succeed } from '#contract/errors.ts';

export type Operator = 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'gt' | 'ge' | 'lt' | 'le';
export type Value = string | number | boolean | null;

/** A filter of RFC 7644 3.4.2.2 as it was written: paths are not looked up yet. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Filter[] }
  | { readonly kind: 'not'; readonly part: Filter }
  | { readonly kind: 'compare'; readonly path: string; readonly operator: Operator; readonly value: Value }
  | { readonly kind: 'present'; readonly path: string }
  /** `path[part]`: one value of the attribute fits all of `part`. */
  | { readonly kind: 'within'; readonly path: string; readonly part: Filter };

/** Path of a PATCH operation (RFC 7644 3.5.2): `path`, `path[filter]` or `path[filter].sub`. */
export interface PatchPath {
  readonly path: string;
  readonly filter?: Filter;
  readonly sub?: string;
}

/** What one request may ask for: enough for people, too little to keep a server busy. */
const deepest = 20;
const mostTerms = 50;

interface Token {
  readonly kind: 'word' | 'text' | '(' | ')' | '[' | ']';
  readonly text: string;
}

const pattern = /\s+|(?<text>"(?:[^"\\]|\\.)*")|(?<mark>[()[\]])|(?<word>[\w$.:%/+~-]+)/y;

class Mistake extends Error {}

const cut = (text: string): Token[] => {
  const tokens: Token[] = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < text.length) {
    const found = pattern.exec(text);
    if (found === null) throw new Mistake();
    const { text: quoted, mark, word } = found.groups ?? {};
    if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted });
    if (mark !== undefined) tokens.push({ kind: mark as Token['kind'], text: mark });
    if (word !== undefined) tokens.push({ kind: 'word', text: word });
  }
  return tokens;
};

const operators: readonly string[] = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'];
/** `[URN ":"] name ["." sub]` (RFC 7644 figure 1). */
const isPath = (text: string): boolean => /^(urn:[\w.:%/+~-]+:)?[A-Za-z$][\w$-]*(\.[A-Za-z$][\w$-]*)?$/i.test(text);

/** Precedence: `not` over `and` over `or`. Throws `Mistake`. */
const createParser = (tokens: readonly Token[]) => {
  let place = 0;
  let terms = 0;
  const peek = (): Token | undefined => tokens[place];
  const take = (): Token => {
    const token = tokens[place];
    if (token === undefined) throw new Mistake();
    place += 1;
    return token;
  };
  const takeMark = (mark: Token['kind']): void => {
    if (take().kind !== mark) throw new Mistake();
  };
  const isWord = (word: string): boolean => peek()?.kind === 'word' && peek()?.text.toLowerCase() === word;
  const takePath = (): string => {
    const { kind, text } = take();
    if (kind !== 'word' || !isPath(text)) throw new Mistake();
    return text;
  };
  const takeValue = (): Value => {
    const { kind, text } = take();
    if (kind === 'text') return parseText(text);
    if (kind !== 'word') throw new Mistake();
    const word = text.toLowerCase();
    if (word === 'true' || word === 'false') return word === 'true';
    if (word === 'null') return null;
    if (/^-?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(text)) return Number(text);
    throw new Mistake();
  };

  const series = (kind: 'and' | 'or', part: () => Filter): Filter => {
    const first = part();
    if (!isWord(kind)) return first;
    const parts = [first];
    while (isWord(kind)) {
      take();
      parts.push(part());
    }
    return { kind, parts };
  };
  const parseAny = (depth: number, inside: boolean): Filter => {
    if (depth > deepest) throw new Mistake();
    return series('or', () => series('and', () => parseOne(depth, inside)));
  };
  const parseOne = (depth: number, inside: boolean): Filter => {
    if (isWord('not') && tokens[place + 1]?.kind === '(') {
      take();
      return { kind: 'not', part: parseGroup(depth, inside) };
    }
    if (peek()?.kind === '(') return parseGroup(depth, inside);
    terms += 1;
    if (terms > mostTerms) throw new Mistake();
    const path = takePath();
    if (peek()?.kind === '[' && !inside) return { kind: 'within', path, part: parseBracket(depth) };
    const { kind, text } = take();
    const operator = text.toLowerCase();
    if (kind === 'word' && operator === 'pr') return { kind: 'present', path };
    if (kind !== 'word' || !operators.includes(operator)) throw new Mistake();
    return { kind: 'compare', path, operator: operator as Operator, value: takeValue() };
  };
  const parseGroup = (depth: number, inside: boolean): Filter => {
    takeMark('(');
    const filter = parseAny(depth + 1, inside);
    takeMark(')');
    return filter;
  };
  const parseBracket = (depth: number): Filter => {
    takeMark('[');
    const filter = parseAny(depth + 1, true);
    takeMark(']');
    return filter;
  };
  const parsePatchPath = (): PatchPath => {
    const path = takePath();
    if (peek() === undefined) return { path };
    const filter = parseBracket(0);
    if (peek() === undefined) return { path, filter };
    const { kind, text } = take();
    if (kind !== 'word' || !/^\.[A-Za-z$][\w$-]*$/.test(text)) throw new Mistake();
    return { path, filter, sub: text.slice(1) };
  };
  const end = <Parsed>(parsed: Parsed): Parsed => {
    if (peek() !== undefined) throw new Mistake();
    return parsed;
  };
  return { filter: () => end(parseAny(0, false)), patchPath: () => end(parsePatchPath()) };
};

const parseText = (quoted: string): string => {
  try {
    return String(JSON.parse(quoted));
  } catch {
    throw new Mistake();
  }
};

const attempt = <Parsed>(parse: () => Parsed): Parsed | undefined => {
  try {
    return parse();
  } catch (problem) {
    if (problem instanceof Mistake) return undefined;
    throw problem;
  }
};

export const parseFilter = (text: string): Result<Filter, 'SCIM_FILTER_INVALID'> => {
  const filter = attempt(() => createParser(cut(text)).filter());
  return filter === undefined ? fail('SCIM_FILTER_INVALID') : succeed(filter);
};

export const parsePatchPath = (text: string): Result<PatchPath, 'SCIM_PATH_INVALID'> => {
  const path = attempt(() => createParser(cut(text)).patchPath());
  return path === undefined ? fail('SCIM_PATH_INVALID') : succeed(path);
};
