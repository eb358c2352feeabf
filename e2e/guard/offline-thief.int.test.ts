/**
 * A thief at a terminal whose servers are gone: they guess, pull the plug, put back an older copy of its folder, carry the
 * folder to another machine, and have its keychain answer late. Real guard, reader service and keychain.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { StoredEvent } from '#contract/audit.ts';
import type { NotReady } from '#contract/screen.ts';
import { openKeyring } from '#setup/keyring.ts';
import { createStops } from '#setup/stops.ts';
import { iso14443a } from '../card/cards.ts';
import { lifted, until } from '../world.ts';
import { type Hospital, openHospital } from './hospital.ts';
import { createWard, usual, type Ward } from './ward.ts';

let hospital: Hospital;
const stops = createStops();
before(async () => {
  hospital = await openHospital();
});
after(async () => {
  await stops.stop();
  await hospital.stop();
});

const eventsOf = async (kind: StoredEvent['kind']): Promise<readonly StoredEvent[]> =>
  (await hospital.admin.do('events/list', { query: { kind } })).events;
const goesOnAlone = (ward: Ward) =>
  until('the terminal goes on alone', async () => !(await ward.screen().shows('ready', 20_000)).online, 20_000);
const showsWhy = (ward: Ward, why: NotReady) =>
  until(
    why,
    () => {
      const views = ward.screen().heard.flatMap(({ message }) => (message.kind === 'view' ? [message.view] : []));
      const picture = views.at(-1)?.picture;
      return picture?.kind === 'not-ready' && picture.why === why;
    },
    20_000,
  );
const isOnline = (ward: Ward) =>
  until('it is with the server', async () => (await ward.screen().shows('ready', 20_000)).online, 20_000);
/** Whoever could be let in would be asked for a card. */
const letsNobodyIn = (ward: Ward) => showsWhy(ward, 'server-unreachable');
/** The power goes and comes back. */
const cutPower = async (ward: Ward): Promise<void> => {
  const before = ward.guard().pid();
  ward.guard().kill('SIGKILL');
  await until('it has started anew', () => ![before, undefined].includes(ward.guard().pid()));
  await ward.guard().whenReady();
  await ward.join();
};
/** Types a PIN that is wrong; the tries that are left. */
const guess = async (ward: Ward): Promise<number> => {
  await ward.screen().shows('ready', 20_000);
  await ward.hold(usual.card);
  await ward.screen().shows('secret');
  await ward.slot.remove();
  ward.screen().press([...'99999999', 'enter']);
  let left = -1;
  await until('it is refused', () => {
    const views = ward.screen().heard.flatMap(({ message }) => (message.kind === 'view' ? [message.view] : []));
    const picture = views.at(-1)?.picture;
    if (picture?.kind === 'refused') left = 0;
    if (picture?.kind === 'secret' && picture.wrong?.triesLeft !== undefined) left = picture.wrong.triesLeft;
    return left >= 0;
  });
  ward.screen().call('login/cancel');
  await lifted();
  return left;
};

test('an older copy of what the terminal keeps brings no try back and nobody in, and is an alarm', async () => {
  const { ward } = hospital;
  const path = join(ward.folder, 'offline.json');
  await ward.logIn();
  const older = readFileSync(path);
  await hospital.stopServers();
  await goesOnAlone(ward);
  await guess(ward);
  ward.guard().kill('SIGSTOP');
  assert.ok(!older.equals(readFileSync(path)));
  writeFileSync(path, older);
  await cutPower(ward);
  await letsNobodyIn(ward);
  await hospital.startFirst();
  await hospital.signIn();
  await until('the alarm', async () => (await eventsOf('offline.set-back')).length === 1, 20_000);
});

test('the folder of a terminal on another machine is nobody, and a card opens nothing there', async () => {
  const { ward } = hospital;
  await ward.logIn();
  await ward.stop();
  const folder = join(hospital.folder, 'elsewhere');
  mkdirSync(folder);
  const keyring = await openKeyring({ folder: join(folder, 'keyring'), own: true });
  stops.add(keyring.stop);
  const copy = await createWard({ folder, name: 'ward', server: () => hospital.first, keyring, stops });
  cpSync(ward.folder, copy.folder, { recursive: true });
  await copy.start();
  await showsWhy(copy, 'not-enrolled');
  await copy.hold(usual.card);
  await copy.slot.remove();
  await lifted();
  await showsWhy(copy, 'not-enrolled');
  await copy.stop();
  await ward.start();
});

test('a terminal that comes back only to hear that it was revoked lets nobody in once the network is gone again', async () => {
  const { away } = hospital;
  await away.start();
  await isOnline(away);
  await away.logIn();
  await until('the login is kept', () => readFileSync(join(away.folder, 'offline.json'), 'utf8').includes('verifier'));
  const terminal = away.id();
  await away.stop();
  await hospital.admin.do('terminals/revoke', { params: { terminal }, body: { reason: 'stolen' } });
  await away.start();
  await showsWhy(away, 'terminal-revoked');
  await away.stop();
  await hospital.stopServers();
  await away.start();
  await letsNobodyIn(away);
  await away.stop();
  await hospital.startFirst();
  await hospital.signIn();
});

/** A bus whose answers can be held up: what the keychain says comes late. */
const holdUp = async (address: string) => {
  const path = /unix:path=([^,]+)/.exec(address)?.[1] ?? assert.fail(address);
  let isHeld = false;
  const waiting: (() => void)[] = [];
  const server = createServer((near: Socket) => {
    const far = connect(path);
    near.on('error', () => undefined).on('close', () => far.destroy());
    far.on('error', () => undefined).on('close', () => near.destroy());
    const join = () => void near.pipe(far).pipe(near);
    if (isHeld) waiting.push(join);
    else join();
  });
  const own = join(hospital.folder, 'late-bus');
  await new Promise<void>((resolve) => server.listen(own, resolve));
  stops.add(() => void server.close());
  return {
    env: { DBUS_SESSION_BUS_ADDRESS: `unix:path=${own}` },
    hold() {
      isHeld = true;
    },
    letGo() {
      isHeld = false;
      for (const join of waiting.splice(0)) join();
    },
  };
};

test('a revocation that was heard while the keychain answered too late for a start holds without the server afterwards', async () => {
  const bus = await holdUp(hospital.ward.env()['DBUS_SESSION_BUS_ADDRESS'] ?? '');
  const late = await createWard({
    folder: hospital.folder,
    name: 'late',
    server: () => hospital.first,
    keyring: bus,
    stops,
  });
  await late.start(await hospital.announce('late'));
  const { person } = await hospital.admin.do('people/add', {
    body: { number: '100002', name: '看護 次郎', kana: 'カンゴ ジロウ', roles: ['clinician'] },
  });
  const means = { card: iso14443a('04B1B2C3D4E5F6'), pin: '51829304' };
  await late.enrol(hospital.admin, person, means);
  await late.logIn(means);
  await until('the login is kept', () => readFileSync(join(late.folder, 'offline.json'), 'utf8').includes('verifier'));
  await late.stop();
  bus.hold();
  await late.start();
  bus.letGo();
  await isOnline(late);

  const { cards } = await hospital.admin.do('people/show', { params: { person: person.id } });
  const card = cards[0]?.id ?? assert.fail();
  const { revocation } = await hospital.admin.do('cards/revoke', { params: { card }, body: { reason: 'lost' } });
  await until('the terminal has confirmed it', async () => {
    const shown = await hospital.admin.do('revocations/show', { params: { number: revocation }, query: {} as never });
    return shown.revocation.receipts.some(({ terminal, state }) => terminal === late.id() && state === 'confirmed');
  });
  await late.stop();
  await hospital.stopServers();
  await late.start();
  await letsNobodyIn(late);
});

test('each guess without the server is counted over a cut of the power, and then the right PIN opens nothing', async () => {
  const { ward } = hospital;
  await hospital.startFirst();
  await isOnline(ward);
  await ward.logIn();
  await hospital.stopServers();
  await goesOnAlone(ward);
  const first = await guess(ward);
  assert.ok(first > 0);
  for (let left = first - 1; left >= 0; left -= 1) {
    await cutPower(ward);
    assert.equal(await guess(ward), left);
  }
  await cutPower(ward);
  await letsNobodyIn(ward);
});
