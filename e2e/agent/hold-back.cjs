/**
 * Loaded by Electron before the screen: no window is made until Playwright, which says so by this name, has connected. A
 * window that is made meanwhile is sometimes never known to it, and then it waits forever.
 */
const { app } = require('electron');

process.argv.splice(process.argv.indexOf('-r'), 2);
const ready = app.whenReady();
const connected = new Promise((resolve) => {
  globalThis.__playwright_run = resolve;
});
app.whenReady = () => connected.then(() => ready);
