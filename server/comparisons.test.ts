import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeTotpSeed, matchTotp } from './credentials.ts';
import { createSecrets } from './secrets.ts';
import { createToken, hashToken, isTokenOf } from './tokens.ts';

/** Comparisons of what has such a name, each with why it may end at the first difference. */
const allowed: Readonly<Record<string, string>> = {
  'routes/imports.ts seen.digest !== body.digest': 'a digest of a plan that whoever asks was shown',
  'routes/imports.ts held.digest !== body.digest': 'the same',
  'webauthn.ts Buffer.from(credentialID).equals(': 'an identifier that the browser sent twice',
  'cards/proof.ts certificate.raw.equals(': 'certificates are public',
  'store/cards.ts one.blind_index.equals(': 'both come from the database',
  'cards/certificate.ts certificate.raw.equals(': 'certificates are public',
  'credentials.ts parsed.data.pepper !== secrets.pepper': 'numbers of keys',
  'routes/card-authorities.ts certificate.equals(': 'certificates are public',
  'routes/periodic-reviews.ts review.digest !== body.digest': 'a digest of what whoever asks was shown',
  'reports/thread.ts (known?.equals(': 'public keys, whose owner TLS has proved',
  'store/reports.ts there !== hash': 'the hashes of a journal are in the log',
  'store/sent-again.ts record.hash !== wanted': 'the same',
  'store/terminals.ts newestKey.equals(': 'the hashes of such',
  'store/terminals.ts previousKey?.equals(': 'the same',
};
const secretName = String.raw`[\w.?]*(?:token|mac|mark|secret|hash|csrf|digest|password|pepper|seed)\b(?:\([\w.]*\))?(?:\.toString\('\w+'\))?`;
/** Against another value: whether there is one at all, and of which kind it is, is no comparison of secrets. */
const comparing = new RegExp(
  String.raw`(?<found>${secretName} (?:===|!==|==|!=) (?!undefined|null|'|\d|typeof)[\w.?]+|[\w.?]+ (?:===|!==) ${secretName}(?![\w(])|[\w.?()]+\.equals\(|Buffer\.compare\()`,
  'gi',
);
const found = (text: string): string[] =>
  [...text.matchAll(comparing)].flatMap(({ groups, index }) => {
    const line = text.slice(text.lastIndexOf('\n', index) + 1, text.indexOf('\n', index));
    return /typeof|\.length (===|!==)|^\s*(\/\/|\*|\/\*\*)/.test(line) ? [] : [groups?.['found'] ?? ''];
  });

describe('a secret that comes from outside', () => {
  it('is compared in no other way than in constant time, wherever it has a name', () => {
    assert.deepEqual(found(`if (hashToken(given).toString('hex') !== session.tokenHash) return;\n`).length, 1);
    assert.deepEqual(found(`return given.csrf === known;\nif (mark.equals(right)) x();\n`).length, 2);
    assert.deepEqual(found(`if (row.tokenHash === null || mark !== undefined) return;\n`), []);
    const here = import.meta.dirname;
    const files = globSync('**/*.ts', { cwd: here }).filter((file) => !/(^|\/)testing|^fuzz\/|\.test\.ts$/.test(file));
    assert.ok(files.length > 150);
    const compared = files.flatMap((file) =>
      found(readFileSync(join(here, file), 'utf8')).map((what) => `${file} ${what}`),
    );
    assert.deepEqual(compared.toSorted(), Object.keys(allowed).toSorted());
  });

  it('takes as long to refuse wherever it differs, where a comparison that ends early would be seen to', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kazasu-compare-'));
    const secrets = createSecrets(folder);
    rmSync(folder, { recursive: true });
    const token = createToken();
    const hash = hashToken(token);
    const [text, about] = [randomBytes(24).toString('base64url'), 'attempt'];
    const mark = secrets.vouch(text, about);
    const [id = '', mac = ''] = mark.split('.');
    const flip = (written: string, place: number): string => {
      const bytes = Buffer.from(written, 'base64url');
      bytes[place] = (bytes[place] ?? 0) ^ 1;
      return bytes.toString('base64url');
    };
    const seed = makeTotpSeed();
    const now = 1_800_000_000_000;
    const code = ['000000', '123456', '999999'].find((one) => matchTotp(seed, one, now) === undefined) ?? '555555';
    const early = (given: Buffer, right: Buffer): boolean => {
      for (let place = 0; place < right.length; place += 1) if (given[place] !== right[place]) return false;
      return true;
    };
    // As long as whatever it stands for takes besides: a difference that shows in it would show in the others.
    const key = randomBytes(32);
    const right = createHmac('sha256', key).update(text).digest();
    const long = Buffer.concat(Array<Buffer>(64).fill(right));
    const ending = (place: number): Buffer => {
      const wrong = Buffer.from(long);
      wrong[place] = (wrong[place] ?? 0) ^ 1;
      return wrong;
    };
    const [atHead, atTail] = [ending(0), ending(long.length - 1)];
    const pairs: Readonly<Record<string, readonly [() => boolean, () => boolean]>> = {
      control: [() => early(atHead, long), () => early(atTail, long)],
      token: [() => isTokenOf(flip(token, 0), hash), () => isTokenOf(flip(token, 31), hash)],
      mark: [
        () => secrets.isVouched(text, about, `${id}.${flip(mac, 0)}`),
        () => secrets.isVouched(text, about, `${id}.${flip(mac, 31)}`),
      ],
      code: [
        () => matchTotp(seed, code, now) !== undefined,
        () =>
          matchTotp(
            seed,
            code.replace(/.$/, (digit) => String((Number(digit) + 1) % 10)),
            now,
          ) !== undefined,
      ],
    };
    const apart = (name: string): number => {
      const [head, tail] = pairs[name] ?? [() => true, () => true];
      const time = (work: () => boolean): number => {
        const since = performance.now();
        for (let count = 0; count < 20; count += 1) assert.equal(work(), false);
        return performance.now() - since;
      };
      const samples = Array.from({ length: 120 }, (_, place): readonly [head: number, tail: number] => {
        if (place % 2 === 0) return [time(head), time(tail)];
        const later = time(tail);
        return [time(head), later];
      });
      const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[60] ?? 0;
      const [heads, tails] = [median(samples.map(([one]) => one)), median(samples.map(([, other]) => other))];
      return Math.abs(tails - heads) / Math.max(heads, tails);
    };
    // What runs beside disturbs some of them: the least of three is what is always there.
    const least = (name: string): number => Math.min(...[1, 2, 3].map(() => apart(name)));
    const differences = Object.fromEntries(Object.keys(pairs).map((name) => [name, least(name)]));
    const { control = 0, ...ours } = differences;
    assert.ok(control > 0.5, `the method sees a difference where there is one: ${JSON.stringify(differences)}`);
    for (const [name, difference] of Object.entries(ours))
      assert.ok(difference < 0.1, `${name}: ${JSON.stringify(differences)}`);
  });
});
