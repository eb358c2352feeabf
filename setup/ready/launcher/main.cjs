'use strict';
// Opens the application folder named on the command line, as Electron's own development launcher does.
const { app } = require('electron');
const Module = require('node:module');
const path = require('node:path');

const preloaded = [];
let folder;
for (let at = 1; at < process.argv.length && folder === undefined; at += 1) {
  const word = process.argv[at];
  if (word === '-r' || word === '--require') preloaded.push(process.argv[++at]);
  else if (!word.startsWith('-')) folder = path.resolve(word);
}
if (folder === undefined) {
  console.error('electron: name the folder of an application');
  process.exit(64);
}
Object.defineProperty(process, 'defaultApp', { value: true, enumerable: true });
for (const name of preloaded) Module._load(path.resolve(name), Module, false);
const about = require(path.join(folder, 'package.json'));
if (about.version) app.setVersion(about.version);
app.name = about.productName ?? about.name ?? app.name;
app.setPath('userData', path.join(app.getPath('appData'), app.name));
app.setAppPath(folder);
Module._load(folder, Module, true);
