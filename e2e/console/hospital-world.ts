import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { node, root } from '#setup/paths.ts';
import { type ConsoleClient, totp } from '../client.ts';
import { type ConsoleWorld, createConsoleWorld } from './console-world.ts';

export interface SignIn {
  readonly number: string;
  readonly password: string;
  readonly seed: string;
}
/** What `npm run hospital` says of what it made. */
export interface MadeHospital {
  readonly events: number;
  readonly signIns: Readonly<Record<'admin' | 'helpdesk' | 'auditor' | 'operator', SignIn>>;
}
export interface HospitalWorld extends ConsoleWorld {
  readonly made: MadeHospital;
}

/** A hospital of 1,000 beds; the days of its log are as many as `HOSPITAL_EVENTS` says (2000000: 90 days of it). */
export const thousandBeds: readonly string[] = [
  ...['--people', '3000', '--cards', '5000', '--terminals', '1200', '--days', '90'],
  ...['--events', process.env['HOSPITAL_EVENTS'] ?? '30000'],
];

/** A server whose data folder `npm run hospital` filled. */
export async function createHospitalWorld(size: readonly string[]): Promise<HospitalWorld> {
  let made: MadeHospital | undefined;
  const world = await createConsoleWorld({}, (folder) => {
    const said = execFileSync(node, [join(root, 'bench/hospital/start.ts'), ...size, '--json'], {
      env: { PATH: process.env['PATH'], KAZASU_DATA: folder },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    made = JSON.parse(said) as MadeHospital;
  });
  if (made === undefined) throw new Error('no hospital was made');
  return { ...world, made };
}

/** By number, password and code, in Japanese. A code is good once: each signs in once. */
export async function signIn(world: ConsoleWorld, who: SignIn): Promise<Page> {
  const page = await world.browser('ja');
  page.setDefaultTimeout(10_000);
  await page.goto(`${world.origin}/console/`);
  await page.getByLabel('職員番号').fill(who.number);
  await page.getByLabel('パスワード').fill(who.password);
  await page.getByLabel('確認コード').fill(totp(who.seed));
  await page.getByRole('button', { name: 'サインイン', exact: true }).click();
  await page.getByRole('navigation', { name: 'メニュー' }).waitFor();
  return page;
}

/** The same without a browser. */
export async function signInClient(world: ConsoleWorld, { number, password, seed }: SignIn): Promise<ConsoleClient> {
  const client = world.client();
  await client.do('console/sign-in', { body: { number, password, code: totp(seed) } });
  return client;
}
