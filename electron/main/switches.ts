/** Switches that change how the screen looks or runs, and open nothing. */
const harmless: readonly RegExp[] = [
  /^--no-sandbox$/,
  /^--disable-gpu$/,
  /^--disable-dev-shm-usage$/,
  /^--ozone-platform=(x11|wayland)$/,
  /^--force-device-scale-factor=\d(\.\d+)?$/,
];

/** What Playwright adds to drive the program; a release refuses them. */
const forTests: readonly RegExp[] = [/^--inspect=0$/, /^--remote-debugging-port=0$/];

/**
 * The arguments that are not on the list. Electron sets switches of its own, so the raw arguments are looked at and
 * not Chromium's command line. One argument without dashes is the folder of the program itself.
 */
export const listForeignSwitches = (
  given: readonly string[],
  program: { readonly release: boolean; readonly folder: string },
): readonly string[] => {
  const allowed = program.release ? harmless : [...harmless, ...forTests];
  return given.filter((one) => one !== program.folder && !allowed.some((pattern) => pattern.test(one)));
};
