import ElectronStore from 'electron-store';
import { type Settings, settings as schema } from '#contract/screen.ts';

const initial: Settings = { language: 'ja', sound: true };

export interface SettingsStore {
  readonly get: () => Settings;
  readonly change: (part: Partial<Settings>) => Settings;
}

/** Language and sound of this terminal, in `settings.json` of the data folder. A damaged file counts as a new one. */
export const createSettings = (folder: string): SettingsStore => {
  const store = new ElectronStore<Settings>({
    name: 'settings',
    cwd: folder,
    clearInvalidConfig: true,
    defaults: initial,
  });
  const read = schema.safeParse({ language: store.get('language'), sound: store.get('sound') });
  let current = read.success ? read.data : initial;
  return {
    get: () => current,
    change: (part) => {
      current = schema.parse({ ...current, ...part });
      store.set(current);
      return current;
    },
  };
};
