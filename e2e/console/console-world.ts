import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { type BrowserContext, chromium, type Page } from 'playwright';
import { type ServerHouse, startServer } from '#setup/house.ts';
import { createStops } from '#setup/stops.ts';
import { type ConsoleClient, createClient } from '../client.ts';
import { freePort } from '../world.ts';
import { enrolScriptedTerminal, type ScriptedTerminal } from './scripted-terminal.ts';

/** A real server and real browsers; the terminals follow a script. */
export interface ConsoleWorld {
  readonly server: ServerHouse;
  readonly origin: string;
  readonly authority: string;
  readonly firstAdmin: string;
  /** A browser with a profile of its own, which trusts this server's key and no other. */
  browser(language?: 'ja' | 'en', zone?: string): Promise<Page>;
  client(): ConsoleClient;
  terminal(code: string): Promise<ScriptedTerminal>;
  stop(): Promise<void>;
}

/** `env`: further settings of the server; `fill`: what is done to its data folder before it starts, and leaves an admin there. */
export async function createConsoleWorld(
  env: NodeJS.ProcessEnv = {},
  fill?: (dataFolder: string) => void,
): Promise<ConsoleWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-console-'));
  const stops = createStops();
  stops.add(() => rmSync(folder, { recursive: true, force: true }));
  try {
    fill?.(join(folder, 'server'));
    const server = await startServer({ folder: join(folder, 'server'), port: await freePort(), env });
    stops.add(server.stop);
    const { origin, authority } = server;
    const firstAdmin = server.firstAdmin();
    if (firstAdmin === null && fill === undefined) throw new Error('The server printed no link for the first admin');
    const key = await keyHash(origin, authority);
    let browsers = 0;
    return {
      server,
      origin,
      authority,
      firstAdmin: firstAdmin ?? '',
      async browser(language = 'ja', zone = 'Asia/Tokyo') {
        browsers += 1;
        const context = await openBrowser(join(folder, `browser-${browsers}`), key, { language, zone });
        stops.add(() => context.close());
        return context.pages()[0] ?? context.newPage();
      },
      client() {
        const client = createClient(origin, authority);
        stops.add(client.close);
        return client;
      },
      async terminal(code) {
        const terminal = await enrolScriptedTerminal(origin, authority, code);
        stops.add(terminal.stop);
        return terminal;
      },
      stop: stops.stop,
    };
  } catch (error) {
    await stops.stop();
    throw error;
  }
}

/** SHA-256 of the server's public key (SPKI), base64. The authority vouches for it here, since Chromium reads no file of authorities. */
export function keyHash(origin: string, authority: string): Promise<string> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host: hostname, port: Number(port), servername: hostname, ca: readFileSync(authority) },
      () => {
        const spki = new X509Certificate(socket.getPeerCertificate().raw).publicKey.export({
          type: 'spki',
          format: 'der',
        });
        socket.destroy();
        resolve(createHash('sha256').update(spki).digest('base64'));
      },
    );
    socket.once('error', reject);
  });
}

function openBrowser(
  profile: string,
  key: string,
  { language, zone }: { readonly language: 'ja' | 'en'; readonly zone: string },
): Promise<BrowserContext> {
  return chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    args: [`--ignore-certificate-errors-spki-list=${key}`, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    viewport: sizes.whole,
    locale: language === 'ja' ? 'ja-JP' : 'en-GB',
    timezoneId: zone,
  });
}

/** How many pixels of the page lie beside what is seen of it. */
export const tooWide = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** 1280 × 720 pixels as they are, and at 200 %. */
export const sizes = { whole: { width: 1280, height: 720 }, twice: { width: 640, height: 360 } } as const;

/** At neither size anything is cut off. Ends at the whole. */
export async function assertFits(page: Page, what: string): Promise<void> {
  for (const size of ['twice', 'whole'] as const) {
    await page.setViewportSize(sizes[size]);
    assert.equal(await tooWide(page), 0, `${what}, ${size}`);
  }
}

interface Violation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds against WCAG 2.2 AA and its own good practice, in words; empty when there is nothing. */
export async function axe(page: Page): Promise<readonly string[]> {
  await page.evaluate(axeSource);
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: unknown }> } };
    return (await axe.run()).violations;
  });
  return (found as readonly Violation[]).flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}\n  ${node.html}\n  ${node.failureSummary ?? ''}`),
  );
}
