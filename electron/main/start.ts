import { write } from 'node:fs';
import { join } from 'node:path';
import { app, globalShortcut, ipcMain, Menu, powerMonitor, protocol, screen, session } from 'electron';
import { isOwnPage } from './address.ts';
import { createConsoleWindow } from './console-window.ts';
import { parseEnvironment } from './environment.ts';
import { createGate } from './gate.ts';
import { createGuardLink, type GuardLink } from './guard-link.ts';
import { allowOnly, denyPowers, lockPages } from './hardening.ts';
import { createPages } from './pages.ts';
import { createScreen } from './screen.ts';
import { createSettings } from './settings.ts';
import { listStopped } from './stopped.ts';
import { listForeignSwitches } from './switches.ts';
import { createWatchdog } from './watchdog.ts';
import { createWindows } from './windows.ts';

/** Milliseconds between signs of life; `native/curtain/ui.c` waits for some of them. */
const beatEvery = 500;
/** Milliseconds between looks for a process of Chromium that stands still. */
const lookEvery = 500;

/** How this process ends, for whoever starts it again (sysexits.h). */
const exits = { usage: 64, broken: 70, running: 75 } as const;

const report = (problem: string): void => {
  process.stderr.write(`screen: ${problem}\n`);
};

/** What must end before the program does, in this order. */
const stops: (() => void)[] = [];

const stopAll = (): void => {
  for (let stop = stops.shift(); stop !== undefined; stop = stops.shift()) stop();
};

/** Ends the program; a window that goes is not made anew any more. */
const leave = (code: number): void => {
  stopAll();
  app.exit(code);
};

const start = async (): Promise<void> => {
  const parsed = parseEnvironment(process.env, { release: __RELEASE__ });
  const foreign = listForeignSwitches(process.argv.slice(1), { release: __RELEASE__, folder: __dirname });
  if (!parsed.ok || foreign.length > 0) {
    for (const problem of parsed.ok ? foreign.map((one) => `argument not allowed: ${one}`) : parsed.problems)
      report(problem);
    return app.exit(exits.usage);
  }
  const { environment } = parsed;
  app.setPath('userData', environment.data);
  if (!app.requestSingleInstanceLock()) {
    report(`another screen runs with the data folder ${environment.data}`);
    return app.exit(exits.running);
  }
  // With --no-sandbox (a test as root) this would crash the network service over and over.
  if (!process.argv.includes('--no-sandbox')) app.enableSandbox();
  if (__RELEASE__) {
    for (const one of ['remote-debugging-port', 'remote-debugging-pipe', 'inspect']) app.commandLine.removeSwitch(one);
  }
  const { scale } = environment;
  if (scale !== undefined && scale !== 1) app.commandLine.appendSwitch('force-device-scale-factor', String(scale));
  // Nothing here needs the graphics card, and its driver cannot take the cover down.
  app.disableHardwareAcceleration();
  Menu.setApplicationMenu(null);
  protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true } }]);

  const { beat } = environment;
  if (beat !== undefined) setInterval(() => write(beat, '.', () => undefined), beatEvery);
  const monotonic = (): number => performance.now();
  const settings = createSettings(environment.data);
  const consoleWindow = createConsoleWindow({
    now: Date.now,
    language: () => settings.get().language,
    area: () => screen.getPrimaryDisplay().workArea,
    report,
  });
  const holder: { link: GuardLink | null } = { link: null };
  const getLink = (): GuardLink => {
    if (holder.link === null) throw new Error('the link starts before anything is sent');
    return holder.link;
  };
  const kazasu = createScreen({ settings, consoleWindow, power: powerMonitor, monotonic, getLink });
  lockPages(app, consoleWindow.originOf);

  holder.link = createGuardLink({
    socket: environment.guardSocket,
    hello: { pid: process.pid, runtime: `electron/${process.versions.electron} chrome/${process.versions['chrome']}` },
    onMessage: kazasu.take,
    onConnected: kazasu.connected,
    onDisconnected: kazasu.disconnected,
    report,
  });

  const watchdog = createWatchdog({
    now: monotonic,
    report: (what) => getLink().send({ kind: 'repaired', what }),
    giveUp: (why) => {
      report(why);
      leave(exits.broken);
    },
  });
  app.on('child-process-gone', (_event, details) => {
    if (details.reason !== 'clean-exit') watchdog.repaired(`${details.type} process: ${details.reason}`);
  });
  app.on('window-all-closed', () => undefined);
  // Nothing here has a reason to stand still. What is stopped is ended, and made anew as whatever else ends.
  const looking = setInterval(() => {
    for (const pid of listStopped()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
  }, lookEvery);

  const pages = createPages(__dirname);
  await app.whenReady();

  const own = session.fromPartition('screen', { cache: false });
  denyPowers(own);
  denyPowers(session.defaultSession);
  allowOnly(own, isOwnPage);
  allowOnly(session.defaultSession, () => false);
  own.protocol.handle('app', (request) => pages(request.url));

  const windows = createWindows({
    screen,
    session: own,
    preload: join(__dirname, 'preload.cjs'),
    watchdog,
    windowed: environment.windowed,
    getFrame: kazasu.getFrame,
    changed: kazasu.displaysChanged,
    report,
  });
  createGate({
    ipc: ipcMain,
    findWindow: windows.find,
    handlers: {
      'settings/change': (request) => kazasu.changeSettings(request as Parameters<typeof kazasu.changeSettings>[0]),
      'window/ready': (_request, page) => kazasu.pageReady(page),
      'window/painted': (request, page, window) => kazasu.pagePainted(page, window, request.number),
    },
    forward: (window, name, request) => getLink().call(window, name, request),
    refused: (refusal) => getLink().send(refusal),
  });
  kazasu.attach(windows);

  powerMonitor.on('suspend', () => {
    kazasu.sleep();
    getLink().send({ kind: 'power', what: 'suspend' });
  });
  powerMonitor.on('resume', () => {
    kazasu.sleep();
    getLink().send({ kind: 'power', what: 'resume' });
  });
  powerMonitor.on('lock-screen', () => getLink().send({ kind: 'power', what: 'lock-requested' }));
  powerMonitor.on('shutdown', () => getLink().send({ kind: 'power', what: 'shutdown' }));
  globalShortcut.register('CommandOrControl+Alt+L', () => getLink().send({ kind: 'power', what: 'lock-requested' }));

  stops.push(() => clearInterval(looking), getLink().stop, watchdog.stop, windows.stop);
  app.on('before-quit', stopAll);
};

const giveUp = (problem: unknown): void => {
  report(problem instanceof Error ? (problem.stack ?? problem.message) : String(problem));
  leave(exits.broken);
};
// Without these Electron shows a dialog and waits until somebody presses its button. A new process is better: the lease
// ends with this one.
process.on('uncaughtException', giveUp);
process.on('unhandledRejection', giveUp);
start().catch(giveUp);
