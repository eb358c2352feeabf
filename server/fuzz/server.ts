import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Asked, Given } from './process.ts';

/** The server under fire, in its own process. */
export interface FuzzServer {
  ask<Name extends keyof Asked>(name: Name, given?: Given[Name]): Promise<Asked[Name]>;
  /** What it wrote to its error output, and whether it still runs. */
  said(): string;
  close(): Promise<void>;
}

export const startFuzzServer = async (): Promise<FuzzServer> => {
  const child = fork(fileURLToPath(new URL('./process.ts', import.meta.url)), {
    // Most of what a request makes is dead with its answer: with room for it little is moved about.
    execArgv: ['--expose-gc', '--max-semi-space-size=64'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-10_000);
  });
  const waiting = new Map<number, { resolve(value: never): void; reject(problem: Error): void }>();
  let asked = 0;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ready = Promise.withResolvers<void>();
  const fail = (problem: Error): void => {
    ready.reject(problem);
    for (const { reject } of waiting.values()) reject(problem);
    waiting.clear();
  };
  child.on('error', fail);
  child.on('exit', (code) => fail(new Error(`the server has ended (${code}): ${said}`)));
  child.on('message', (message: { ready?: true; id: number; value: never; problem?: string }) => {
    if (message.ready) return ready.resolve();
    const one = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.problem === undefined) one?.resolve(message.value);
    else one?.reject(new Error(message.problem));
    return undefined;
  });
  await ready.promise;
  const ask: FuzzServer['ask'] = (name, given) =>
    new Promise((resolve, reject) => {
      asked += 1;
      waiting.set(asked, { resolve, reject });
      child.send({ id: asked, name, given: given ?? {} });
    });
  return {
    ask,
    said: () => said,
    close: async () => {
      await ask('close').catch(() => undefined);
      child.disconnect();
      await ended;
    },
  };
};
