import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { findSignatureFault, type TestKey } from './testing-s3-signature.ts';

/** One version of an object. */
export interface TestObject {
  readonly key: string;
  readonly version: string;
  readonly at: Date;
  bytes: Buffer;
  readonly checksum: string | undefined;
  readonly mode: string | undefined;
  readonly until: Date | undefined;
}

/**
 * So much of S3 with Object Lock as backups need, written from its API reference: signatures (SigV4), versions, retention
 * that refuses to delete, checksums, conditional writes. No S3 of anybody.
 */
export interface TestS3 {
  readonly endpoint: string;
  readonly key: TestKey;
  /** Newest last. */
  readonly objects: TestObject[];
  readonly marks: string[];
  stop(): Promise<void>;
}

export interface TestS3Options {
  readonly bucket: string;
  /** What the bucket was made with. */
  readonly lock: 'enabled' | 'none';
  /** Takes a retention and keeps none. */
  readonly forgetsRetention?: boolean;
}

const escapeXml = (text: string): string => text.replace(/[<&>]/g, (char) => `&#${char.charCodeAt(0)};`);
const element = (name: string, value: string): string => `<${name}>${value}</${name}>`;

export const startTestS3 = async (options: TestS3Options): Promise<TestS3> => {
  const key: TestKey = { id: 'TESTKEY', secret: randomUUID() };
  const objects: TestObject[] = [];
  const marks: string[] = [];
  const root = `/${options.bucket}`;

  const answer = (response: ServerResponse, status: number, xml = '', headers: Record<string, string> = {}): void => {
    response.writeHead(status, { 'content-type': 'application/xml', ...headers });
    response.end(xml === '' ? '' : `<?xml version="1.0" encoding="UTF-8"?>${xml}`);
  };
  const refuse = (response: ServerResponse, status: number, code: string): void =>
    answer(response, status, element('Error', element('Code', code) + element('Message', code)), {
      'x-amz-error-code': code,
    });
  const find = (name: string, version: string | null): TestObject | undefined =>
    objects.findLast((one) => one.key === name && (version === null || one.version === version));
  const headersOf = ({ version, bytes, checksum, at, mode, until }: TestObject): Record<string, string> => ({
    'x-amz-version-id': version,
    'content-length': String(bytes.length),
    'last-modified': at.toUTCString(),
    etag: `"${createHash('md5').update(bytes).digest('hex')}"`,
    ...(checksum === undefined ? {} : { 'x-amz-checksum-sha256': checksum, 'x-amz-checksum-type': 'FULL_OBJECT' }),
    ...(mode === undefined ? {} : { 'x-amz-object-lock-mode': mode }),
    ...(until === undefined ? {} : { 'x-amz-object-lock-retain-until-date': until.toISOString() }),
  });

  const put = async (request: IncomingMessage, response: ServerResponse, name: string): Promise<void> => {
    const bytes = await buffer(request);
    const header = (of: string): string | undefined => request.headers[of]?.toString();
    const checksum = header('x-amz-checksum-sha256');
    const [mode, until] = [header('x-amz-object-lock-mode'), header('x-amz-object-lock-retain-until-date')];
    if (checksum !== undefined && checksum !== createHash('sha256').update(bytes).digest('base64'))
      return refuse(response, 400, 'BadDigest');
    if (header('if-none-match') === '*' && find(name, null) !== undefined)
      return refuse(response, 412, 'PreconditionFailed');
    if (mode !== undefined) {
      if (options.lock === 'none') return refuse(response, 400, 'InvalidRequest');
      // "PUT requests that place or modify Object Lock … require Content-MD5 or x-amz-sdk-checksum-algorithm".
      if (checksum === undefined) return refuse(response, 400, 'InvalidRequest');
      if (until === undefined || Date.parse(until) <= Date.now()) return refuse(response, 400, 'InvalidArgument');
    }
    const kept = options.forgetsRetention === true ? undefined : { mode, until: until && new Date(until) };
    const object: TestObject = {
      key: name,
      version: randomUUID(),
      at: new Date(),
      bytes,
      checksum,
      mode: kept?.mode,
      until: kept?.until instanceof Date ? kept.until : undefined,
    };
    objects.push(object);
    return answer(response, 200, '', { 'x-amz-version-id': object.version });
  };
  const remove = (response: ServerResponse, name: string, version: string | null): void => {
    if (version === null) {
      marks.push(name);
      return answer(response, 204);
    }
    const found = find(name, version);
    if (found?.until !== undefined && found.until > new Date()) return refuse(response, 403, 'AccessDenied');
    if (found !== undefined) objects.splice(objects.indexOf(found), 1);
    return answer(response, 204);
  };
  const list = (response: ServerResponse, prefix: string): void => {
    const versions = objects
      .filter((one) => one.key.startsWith(prefix))
      .toReversed()
      .map(({ key: name, version, at, bytes }) =>
        element(
          'Version',
          element('Key', escapeXml(name)) +
            element('VersionId', version) +
            element('LastModified', at.toISOString()) +
            element('Size', String(bytes.length)),
        ),
      );
    const deleted = marks.map((name) =>
      element('DeleteMarker', element('Key', escapeXml(name)) + element('VersionId', randomUUID())),
    );
    answer(response, 200, element('ListVersionsResult', [...versions, ...deleted].join('')));
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const fault = findSignatureFault(request, key);
    if (fault !== null) return refuse(response, 403, fault);
    const url = new URL(request.url ?? '/', 'http://test');
    const path = decodeURIComponent(url.pathname);
    if (path !== root && !path.startsWith(`${root}/`)) return refuse(response, 404, 'NoSuchBucket');
    const name = path.slice(root.length + 1);
    const version = url.searchParams.get('versionId');
    if (url.searchParams.has('object-lock')) {
      if (options.lock === 'none') return refuse(response, 404, 'ObjectLockConfigurationNotFoundError');
      const enabled = element('ObjectLockEnabled', 'Enabled');
      return answer(response, 200, element('ObjectLockConfiguration', enabled));
    }
    if (url.searchParams.has('versions')) return list(response, url.searchParams.get('prefix') ?? '');
    if (request.method === 'PUT') return put(request, response, name);
    if (request.method === 'DELETE') return remove(response, name, version);
    const found = find(name, version);
    if (found === undefined) return refuse(response, 404, 'NoSuchKey');
    response.writeHead(200, headersOf(found));
    response.end(request.method === 'HEAD' ? undefined : found.bytes);
  };
  const server = createServer((request, response) => {
    serve(request, response).catch((problem: unknown) => response.destroy(problem as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    key,
    objects,
    marks,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
