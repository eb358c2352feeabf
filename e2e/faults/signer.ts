import type { Answer, Call, RouteName } from '#contract/api/index.ts';
import { fail, type Result } from '#contract/errors.ts';
import { type ConsoleClient, createClient, type Secrets, totp } from '../client.ts';
import { until } from '../world.ts';

/** Somebody at the console whose network fails: what is not answered in time may have been done or not. */
export interface Signer {
  /** Undefined: no answer came. Signed out, they sign in and ask again. */
  ask<Name extends RouteName>(name: Name, call?: Partial<Call<Name>>): Promise<Result<Answer<Name>> | undefined>;
  /** Asks until it is done. */
  must<Name extends RouteName>(name: Name, call?: Partial<Call<Name>>, within?: number): Promise<Answer<Name>>;
  close(): Promise<void>;
}

export interface SignerOptions {
  readonly origin: string;
  readonly authority: string;
  readonly client: ConsoleClient;
  readonly secrets: Secrets;
  /** Milliseconds that an answer is waited for. */
  readonly patience: number;
  /** Called where no answer came, so that what was asked does not arrive later. */
  readonly hangUp: () => void;
}

export const createSigner = (options: SignerOptions): Signer => {
  const { hangUp, patience, secrets } = options;
  let { client } = options;

  /** No answer within the time is undefined; nobody waits for what comes later. */
  const inTime = async <Value>(asked: Promise<Value>): Promise<Value | undefined> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        hangUp();
        resolve(undefined);
      }, patience);
    });
    try {
      return await Promise.race([asked.catch(() => undefined), late]);
    } finally {
      clearTimeout(timer);
    }
  };

  const signIn = async (): Promise<boolean> => {
    const { number, password, seed } = secrets;
    const before = client;
    client = createClient(options.origin, options.authority);
    void before.close().catch(() => undefined);
    // A code is good once; the next one may be used before its time.
    for (const ahead of [0, 30, -30]) {
      const asked = client.ask('console/sign-in', { body: { number, password, code: totp(seed, ahead) } });
      if ((await inTime(asked))?.ok === true) return true;
    }
    return false;
  };

  const ask: Signer['ask'] = async (name, call) => {
    const answer = await inTime(client.ask(name, call));
    if (answer === undefined || answer.ok || answer.failure.code !== 'CONSOLE_SIGNED_OUT') return answer;
    return (await signIn()) ? inTime(client.ask(name, call)) : fail('CONSOLE_SIGNED_OUT');
  };
  return {
    ask,
    must: (name, call, within = 40_000) =>
      until(
        name,
        async () => {
          const answer = await ask(name, call);
          if (answer?.ok === false) throw new Error(`${name}: ${JSON.stringify(answer.failure)}`);
          return answer?.value;
        },
        within,
      ),
    close: () => client.close(),
  };
};
