import { contextBridge, ipcRenderer } from 'electron';
import type { Frame } from '#contract/screen.ts';

/** The newest listener alone gets frames, and the newest frame waits for it. */
let listener: ((frame: Frame) => void) | null = null;

ipcRenderer.on('kazasu/frame', (_event, frame: Frame) => listener?.(frame));

/** All that a page can do: ask by a name of the table, and be shown frames. Nothing of Electron passes through. */
contextBridge.exposeInMainWorld('kazasu', {
  call: (name: unknown, request: unknown): Promise<unknown> => ipcRenderer.invoke('kazasu/call', name, request),
  onFrame: (shown: (frame: Frame) => void): void => {
    listener = shown;
  },
});
