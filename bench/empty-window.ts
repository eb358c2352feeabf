import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findElectron } from '#setup/electron.ts';
import { type Kept, keep } from '#setup/keep.ts';

/** The smallest Electron program that paints a window: the floor for start, memory and processor time. */
const program = `
const { app, BrowserWindow, ipcMain } = require('electron');
app.disableHardwareAcceleration();
app.whenReady().then(() => {
  const window = new BrowserWindow({ show: true, kiosk: true, backgroundColor: '#ffffff', webPreferences: { sandbox: true, contextIsolation: true, preload: __dirname + '/preload.cjs' } });
  ipcMain.once('painted', () => process.stdout.write('painted\\n'));
  window.loadFile(__dirname + '/index.html');
});
`;
const preload = `
const { ipcRenderer } = require('electron');
addEventListener('DOMContentLoaded', () => requestAnimationFrame(() => requestAnimationFrame(() => ipcRenderer.send('painted'))));
`;

export interface EmptyWindow {
  readonly process: Kept;
  /** From the start of the process to the painted page (milliseconds). */
  readonly milliseconds: number;
}

export async function openEmptyWindow(folder: string, env: NodeJS.ProcessEnv): Promise<EmptyWindow> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'empty', main: 'main.cjs' }));
  writeFileSync(join(folder, 'main.cjs'), program);
  writeFileSync(join(folder, 'preload.cjs'), preload);
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>empty</title>');
  const electron = findElectron();
  const begun = performance.now();
  const process = await keep({
    name: 'empty window',
    command: electron.path,
    args: [...electron.flags, `--user-data-dir=${join(folder, 'data')}`, folder],
    env,
    log: join(folder, 'log', 'empty.log'),
    ready: { line: /^painted$/ },
    restart: false,
  });
  return { process, milliseconds: performance.now() - begun };
}
