/** The operating system's keychain: Secret Service on Linux, Credential Manager on Windows. Each call throws where there is none. */
export interface Keychain {
  tryRead(account: string): Promise<string | undefined>;
  write(account: string, secret: string): Promise<void>;
  remove(account: string): Promise<void>;
}

const service = 'kazasu';
/** A keychain that wants to ask somebody for its password never answers where nobody sits (milliseconds). */
const patience = 10_000;

export function createKeychain(): Keychain {
  return {
    tryRead: async (account) => (await limited((await load()).getPassword(service, account))) ?? undefined,
    write: async (account, secret) => limited((await load()).setPassword(service, account, secret)),
    async remove(account) {
      await limited((await load()).deletePassword(service, account));
    },
  };
}

/** Loaded when it is first asked: where its system library is missing, the call throws and the program goes on. */
const load = async () => (await import('keytar')).default;

async function limited<Value>(asked: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the keychain did not answer')), patience);
  });
  try {
    return await Promise.race([asked, over]);
  } finally {
    clearTimeout(timer);
  }
}
