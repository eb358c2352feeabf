import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ServerHouse, startTerminal, type TerminalHouse, type TerminalOptions } from '#setup/house.ts';

/**
 * Gets this desk's terminal to its server, whatever an earlier start left half done:
 *
 *   the server asks for a terminal ──► enrol (the guard keeps the journal of what it was before aside)
 *   the server knows one, and this terminal has its key ──► go on
 *   the server knows one, and this terminal has lost its key ──► the server announces another name; enrol
 */
export interface AdmitDeps {
  readonly say: (line: string) => void;
  readonly folder: string;
  /** Stops the server that runs, if one does, and starts it asking for a terminal of this name. */
  readonly serve: (firstTerminal: string) => Promise<ServerHouse>;
  readonly terminal: Omit<TerminalOptions, 'folder' | 'origin' | 'authority' | 'code'>;
  /** A code that an admin made. */
  readonly code: string | undefined;
  readonly started: (terminal: TerminalHouse) => void;
}

const usualName = 'デスク端末';
/** Names are unique for ever in the log of a server: a terminal that lost its key comes back under another one. */
const freshName = (): string => `${usualName} ${new Date().toISOString().slice(0, 19).replace('T', ' ')}`;
/** A terminal that has not said whether it is known after this long (milliseconds) says it on its screen. */
const patience = 15_000;

export async function admitTerminal(deps: AdmitDeps): Promise<{ server: ServerHouse; terminal: TerminalHouse }> {
  const guardFolder = join(deps.folder, 'guard');
  let server = await deps.serve(usualName);
  let code = deps.code ?? server.firstTerminal()?.code;
  if (code === undefined && !isEnrolledAt(guardFolder, server.authority)) {
    deps.say(
      'This terminal has lost who it was: it enrols anew under another name. Revoke the old one in the console.',
    );
    server = await deps.serve(freshName());
    code = server.firstTerminal()?.code;
  }
  for (let again = false; ; again = true) {
    if (code !== undefined && existsSync(join(guardFolder, 'terminal.json'))) deps.say(anew);
    const { origin, authority } = server;
    const terminal = await startTerminal({
      ...deps.terminal,
      folder: deps.folder,
      origin,
      authority,
      ...(code === undefined ? {} : { code }),
    });
    const link = await waitForLink(join(deps.folder, 'log', 'guard.log'), code !== undefined);
    if (link !== 'not-enrolled' || again || deps.code !== undefined) {
      if (link === 'revoked') deps.say(revoked);
      deps.started(terminal);
      return { server, terminal };
    }
    deps.say('The key of this terminal is not in the keyring any more: it enrols anew under another name.');
    await terminal.stop();
    server = await deps.serve(freshName());
    code = server.firstTerminal()?.code;
  }
}

const anew =
  'This terminal enrols anew. The journal of what it was before stays beside the new one, under another name.';
const revoked =
  'An admin has revoked this terminal. To bring it back: 端末 › announce a new one in the console, and start with its code:\n' +
  '  KAZASU_ENROLMENT_CODE=… npm start';

/** Whether the terminal trusts an authority that the server has now. */
function isEnrolledAt(folder: string, authority: string): boolean {
  try {
    const admitted = JSON.parse(readFileSync(join(folder, 'terminal.json'), 'utf8')) as { authority: string };
    const trusted = listPrints(admitted.authority);
    return listPrints(readFileSync(authority, 'utf8')).some((print) => trusted.includes(print));
  } catch {
    return false;
  }
}

const listPrints = (bundle: string): string[] =>
  (bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(
    (pem) => new X509Certificate(pem).fingerprint256,
  );

/** What the guard found out about itself. Its log begins anew at each start. */
async function waitForLink(log: string, anew: boolean): Promise<'online' | 'not-enrolled' | 'revoked' | 'unknown'> {
  for (const limit = performance.now() + patience; performance.now() < limit; ) {
    const text = existsSync(log) ? readFileSync(log, 'utf8') : '';
    if (text.includes('"link":"online"')) return 'online';
    // With a code it may be revoked and becomes another terminal.
    if (!anew && text.includes('"link":"terminal-revoked"')) return 'revoked';
    if (/is not enrolled|did not take the enrolment code/.test(text)) return 'not-enrolled';
    await delay(50);
  }
  return 'unknown';
}
