import { existsSync } from 'node:fs';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** Only what the console's own origin serves; nothing inline, no frames, no plug-ins (OWASP ASVS 5.0 3.4). */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "media-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

export const pageHeaders = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), usb=(), payment=()',
};

/** The name is that of its content: another content has another one. */
const isForGood = (path: string): boolean => /-[A-Z0-9]{8}\.(js|css)(\.br)?$/.test(path);
const forGood = 'max-age=31536000, immutable';

/** The console web app, built by the bundler into `folder`. */
export const registerPages = (app: FastifyInstance, folder: string): void => {
  app.addHook('onSend', async (request, reply) => {
    // A browser would hold every other program on this machine to it.
    if (request.hostname !== 'localhost') reply.header('strict-transport-security', 'max-age=31536000');
    for (const [name, value] of Object.entries(pageHeaders)) if (!reply.hasHeader(name)) reply.header(name, value);
  });
  app.get('/', async (_request, reply) => reply.redirect('/console/'));
  app.get('/console', async (_request, reply) => reply.redirect('/console/'));
  if (!existsSync(folder)) {
    app.get('/console/', async (_request, reply) =>
      reply.code(503).type('text/plain; charset=utf-8').send('The console has not been built: npm run build\n'),
    );
    return;
  }
  app.register(fastifyStatic, {
    root: folder,
    prefix: '/console/',
    index: ['index.html'],
    // The build wrote each file a second time, compressed (Brotli): a browser that takes it gets a fifth.
    preCompressed: true,
    dotfiles: 'deny',
    cacheControl: false,
    setHeaders: (response, path) => {
      response.header('cache-control', path.endsWith('.html') ? 'no-store' : isForGood(path) ? forGood : 'no-cache');
    },
  });
};
