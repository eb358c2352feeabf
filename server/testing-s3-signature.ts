import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export interface TestKey {
  readonly id: string;
  readonly secret: string;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** Longest that a request may be under way (milliseconds). */
const patience = 15 * 60_000;
const timeOf = (amzDate: string): number =>
  Date.parse(amzDate.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));

/**
 * Whether a request is signed by this key (Amazon S3 API Reference, Authenticating Requests: AWS Signature Version 4).
 * Answers what S3 would answer; null when it is.
 */
export const findSignatureFault = (request: IncomingMessage, key: TestKey): string | null => {
  const { authorization = '', 'x-amz-date': date = '', 'x-amz-content-sha256': content = '' } = request.headers;
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      authorization,
    );
  if (parts === null) return 'AccessDenied';
  const [, id, day = '', region = '', signed = '', signature] = parts;
  if (id !== key.id) return 'InvalidAccessKeyId';
  if (!(Math.abs(Date.now() - timeOf(String(date))) < patience)) return 'RequestTimeTooSkewed';
  const names = signed.split(';');
  // What says what is to happen to an object must be signed.
  const amazon = Object.keys(request.headers).filter((name) => name.startsWith('x-amz-'));
  if (![...amazon, 'host'].every((name) => names.includes(name))) return 'SignatureDoesNotMatch';
  const url = new URL(request.url ?? '/', 'http://test');
  const query = [...url.searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort();
  const canonical = [
    request.method ?? '',
    url.pathname,
    query.join('&'),
    ...names.map((name) => `${name}:${String(request.headers[name] ?? '').trim()}`),
    '',
    signed,
    content,
  ].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n');
  const signing = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${key.secret}`);
  return hmac(signing, toSign).toString('hex') === signature ? null : 'SignatureDoesNotMatch';
};
