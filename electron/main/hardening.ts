import type { App, Session, WebContents, WebPreferences } from 'electron';
import { isOwnPage, isWithin } from './address.ts';

/** How every window of this product is made; a preload is added for own pages alone. */
export const strictPreferences: WebPreferences = {
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  nodeIntegrationInSubFrames: false,
  nodeIntegrationInWorker: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  webviewTag: false,
  plugins: false,
  experimentalFeatures: false,
  navigateOnDragDrop: false,
  spellcheck: false,
  enableWebSQL: false,
  disableDialogs: true,
  devTools: false,
};

/** No permission, no device, no download, whatever a page asks. */
export const denyPowers = (session: Session): void => {
  session.setPermissionRequestHandler((_page, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.setDisplayMediaRequestHandler((_request, answer) => answer({}));
  session.on('select-hid-device', (event) => event.preventDefault());
  session.on('select-serial-port', (event) => event.preventDefault());
  session.on('select-usb-device', (event) => event.preventDefault());
  session.on('will-download', (event) => event.preventDefault());
  session.setSpellCheckerEnabled(false);
};

/** Every request of this session goes through `mayLoad`. */
export const allowOnly = (session: Session, mayLoad: (address: string) => boolean): void => {
  session.webRequest.onBeforeRequest((details, answer) => answer({ cancel: !mayLoad(details.url) }));
};

const isInside = (page: WebContents, origin: string | undefined, address: string): boolean => {
  if (origin === undefined) return isOwnPage(address) && address === page.getURL();
  return isWithin(address, origin);
};

/** Keeps every page where it is. `originOf` names the origin that a console page may move within. */
export const lockPages = (app: App, originOf: (page: WebContents) => string | undefined): void => {
  app.on('web-contents-created', (_created, page) => {
    page.setWindowOpenHandler(() => ({ action: 'deny' }));
    page.on('will-attach-webview', (event) => event.preventDefault());
    page.on('will-navigate', (event) => {
      if (!isInside(page, originOf(page), event.url)) event.preventDefault();
    });
    page.on('will-redirect', (event) => {
      if (!isInside(page, originOf(page), event.url)) event.preventDefault();
    });
    page.on('will-frame-navigate', (event) => {
      if (!isInside(page, originOf(page), event.url)) event.preventDefault();
    });
    page.on('will-prevent-unload', (event) => event.preventDefault());
    page.on('login', (event) => event.preventDefault());
    page.on('select-bluetooth-device', (event) => event.preventDefault());
  });
  app.on('select-client-certificate', (event, _page, _url, _list, answer) => {
    event.preventDefault();
    (answer as () => void)();
  });
};
