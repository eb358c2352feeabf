import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isOwnPage } from './address.ts';

/** Every file that a page may have; nothing else has an address. */
const files: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/lock': ['index.html', 'text/html; charset=utf-8'],
  '/cover': ['index.html', 'text/html; charset=utf-8'],
  '/badge': ['index.html', 'text/html; charset=utf-8'],
  '/main.js': ['main.js', 'text/javascript; charset=utf-8'],
  '/main.css': ['main.css', 'text/css; charset=utf-8'],
};

/** `sandbox` without `allow-modals` also stops print() and alert(). */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'none'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-src 'none'",
  "frame-ancestors 'none'",
  "worker-src 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
  'sandbox allow-scripts allow-same-origin',
].join('; ');

export const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** Answers `app://ui/…` from the fixed list. Files are read once, at start. */
export const createPages = (folder: string): ((address: string) => Response) => {
  const bodies = new Map<string, Buffer>();
  for (const [file] of Object.values(files)) {
    if (!bodies.has(file)) bodies.set(file, readFileSync(join(folder, file)));
  }
  return (address) => {
    const entry = isOwnPage(address) ? files[new URL(address).pathname] : undefined;
    const body = entry === undefined ? undefined : bodies.get(entry[0]);
    if (entry === undefined || body === undefined) return new Response(null, { status: 404, headers: pageHeaders });
    return new Response(new Uint8Array(body), { headers: { ...pageHeaders, 'content-type': entry[1] } });
  };
};
