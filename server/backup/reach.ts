import { resolve } from 'node:path';
import { parseConfig } from '../config.ts';
import { reachEmbedded, startEmbedded } from '../store/embedded.ts';

/** The settings or what they name cannot be used. */
export class SettingsProblem extends Error {}

export interface Reached {
  readonly dataFolder: string;
  readonly connectionString: string;
  stop(): Promise<void>;
}

/** The database of the settings, running or not; with `make` an embedded one that is not there yet is made. */
export const reachDatabase = async (environment: NodeJS.ProcessEnv, make = false): Promise<Reached> => {
  const parsed = parseConfig(environment);
  if ('problems' in parsed) throw new SettingsProblem(parsed.problems.join('\n'));
  const { databaseUrl } = parsed.config;
  const dataFolder = resolve(parsed.config.dataFolder);
  if (databaseUrl !== undefined) return { dataFolder, connectionString: databaseUrl, stop: async () => undefined };
  try {
    return { dataFolder, ...(await reachEmbedded(dataFolder)) };
  } catch (problem) {
    if (!make) throw problem;
    return { dataFolder, ...(await startEmbedded(dataFolder)) };
  }
};
