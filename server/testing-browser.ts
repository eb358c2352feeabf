import { api, type RouteName } from '#contract/api/index.ts';
import type { Assertion, AssertionOptions, CreationOptions } from '#contract/api/passkeys.ts';
import type { PasskeySummary } from '#contract/api/people.ts';
import type { Role } from '#contract/api/row.ts';
import type { Answered, TestServer } from './testing.ts';
import { type Authenticator, createAuthenticator, type Twist } from './testing-authenticator.ts';
import { type Clinician, makeClinician } from './testing-login.ts';

export const password = 'plum rain on the roof';

/** A browser that keeps the cookie and the CSRF token that it is given. */
export interface Browser {
  cookie: string;
  csrf: string;
  call(
    name: RouteName,
    input?: { readonly params?: Readonly<Record<string, string>>; readonly body?: unknown },
  ): Promise<Answered>;
  /** Another one that holds the same cookie and token now. */
  copy(): Browser;
}

export const openBrowser = (server: TestServer, held = { cookie: '', csrf: '' }): Browser => {
  const browser: Browser = {
    ...held,
    call: async (name, { params = {}, body } = {}) => {
      const { method, path } = api[name];
      const { cookie, csrf } = browser;
      const answer = await server.send(
        server.anyone,
        path.replaceAll(/:([a-z]+)/gi, (_, key: string) => params[key] ?? ''),
        {
          method,
          headers: { ...(cookie ? { cookie } : {}), ...(csrf ? { 'x-kazasu-csrf': csrf } : {}) },
          ...(method === 'POST' ? { body: body ?? {} } : {}),
        },
      );
      const set = answer.headers.getSetCookie()[0]?.split(';')[0];
      if (set !== undefined) browser.cookie = set;
      const answered = (await answer.json()) as { csrf?: string; failure?: { code: string } };
      if (answered.csrf !== undefined) browser.csrf = answered.csrf;
      return { status: answer.status, body: answered, code: answered.failure?.code };
    },
    copy: () => openBrowser(server, { cookie: browser.cookie, csrf: browser.csrf }),
  };
  return browser;
};

export const must = <Value>(answered: Answered): Value => {
  if (answered.status !== 200) throw new Error(`refused: ${JSON.stringify(answered.body)}`);
  return answered.body as Value;
};

/** On to the next code of everybody's authenticator app. */
export const nextStep = (server: TestServer): void => server.advance(30_000 - (server.now().getTime() % 30_000));

export const signInBySecrets = async (
  server: TestServer,
  person: Clinician,
  browser = openBrowser(server),
): Promise<Browser> => {
  nextStep(server);
  const { number } = person.person;
  must(await browser.call('console/sign-in', { body: { number, password, code: person.code() } }));
  return browser;
};

/** Proof by both secrets, with a code that was not used yet. */
export const bySecrets = (server: TestServer, person: Clinician) => {
  nextStep(server);
  return { kind: 'secrets', password, code: person.code() };
};
export const byPasskey = { kind: 'passkey' };

export const beginEnrolment = async (browser: Browser, proof: object): Promise<CreationOptions> =>
  must<{ options: CreationOptions }>(await browser.call('passkeys/begin-enrolment', { body: { proof } })).options;

export const enrol = (browser: Browser, attestation: object, label = '青い鍵'): Promise<Answered> =>
  browser.call('passkeys/enrol', { body: { label, attestation } });

export const begin = async (browser: Browser): Promise<AssertionOptions> =>
  must<{ options: AssertionOptions }>(await browser.call('passkeys/begin-sign-in')).options;

export const finish = (browser: Browser, assertion: Assertion): Promise<Answered> =>
  browser.call('passkeys/sign-in', { body: { assertion } });

/** A whole sign-in, honest or not. */
export const signIn = async (browser: Browser, authenticator: Authenticator, twist?: Twist): Promise<Answered> =>
  finish(browser, authenticator.get(await begin(browser), twist));

export interface Own {
  readonly passkeys: readonly PasskeySummary[];
  readonly factors: readonly { readonly kind: string; readonly state: string }[];
  readonly provenUntil: string | null;
}
export const list = async (browser: Browser): Promise<Own> => must<Own>(await browser.call('passkeys/list'));

/** Somebody of the helpdesk who signed in by password and code and has no passkey. */
export const makePerson = async (server: TestServer) => {
  const person = await makeClinician(server, { roles: ['helpdesk'], password });
  return { ...person, browser: await signInBySecrets(server, person) };
};

export interface Owner extends Clinician {
  readonly browser: Browser;
  readonly authenticator: Authenticator;
  readonly passkey: PasskeySummary;
}

/** Somebody of the console who signed in by password and code and added a passkey. */
export const makeOwner = async (
  server: TestServer,
  roles: Role[] = ['helpdesk'],
  options: Parameters<typeof createAuthenticator>[1] = {},
): Promise<Owner> => {
  const person = await makeClinician(server, { roles, password });
  const browser = await signInBySecrets(server, person);
  const authenticator = createAuthenticator(server.origin, options);
  const attestation = authenticator.create(await beginEnrolment(browser, bySecrets(server, person)));
  const { passkey } = must<{ passkey: PasskeySummary }>(await enrol(browser, attestation));
  return { ...person, browser, authenticator, passkey };
};
