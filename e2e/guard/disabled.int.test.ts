/** A terminal is put out of use and taken back under real guards; nobody walks to it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { iso14443a } from '../card/cards.ts';
import { lifted, until } from '../world.ts';
import { type Hospital, openHospital } from './hospital.ts';
import { type Means, usual, type Ward } from './ward.ts';

const colleague: Means = { card: iso14443a('04F6E5D4C3B2A1'), pin: '60418357' };
let hospital: Hospital;
before(async () => {
  hospital = await openHospital();
  const body = { number: '100002', name: '看護 次郎', kana: 'カンゴ ジロウ', roles: ['clinician' as const] };
  const { person } = await hospital.admin.do('people/add', { body });
  await hospital.ward.enrol(hospital.admin, person, colleague);
});
after(() => hospital.stop());

const disable = async (ward: Ward): Promise<number> =>
  (
    await hospital.admin.do('terminals/disable', {
      params: { terminal: ward.id() },
      body: { reason: 'terminal-repair' },
    })
  ).revocation;
const enable = (ward: Ward) =>
  hospital.admin.do('terminals/enable', { params: { terminal: ward.id() }, body: { reason: 'terminal-repair' } });
const why = async (ward: Ward): Promise<string> => (await ward.screen().shows('not-ready', 20_000)).picture.why;
const receiptOf = async (number: number, ward: Ward) => {
  const { revocation } = await hospital.admin.do('revocations/show', { params: { number: String(number) } as never });
  return revocation.receipts.find(({ terminal }) => terminal === ward.id());
};
/** The desktop is open, and stays so. */
const work = async (ward: Ward, { card, pin }: Means): Promise<void> => {
  await ward.screen().shows('ready', 15_000);
  await ward.hold(card);
  await ward.screen().shows('secret');
  await ward.slot.remove();
  ward.screen().press([...pin, 'enter']);
  await ward.screen().shows('open');
};

test('a terminal that is disabled locks at once, confirms it and says so; whoever works at another one goes on', async () => {
  const { ward, away } = hospital;
  await away.start();
  await work(away, usual);
  await work(ward, colleague);
  const number = await disable(ward);
  await until('it says so', async () => (await why(ward)) === 'terminal-revoked');
  const own = await until('its receipt', async () => {
    const receipt = await receiptOf(number, ward);
    return receipt?.state === 'confirmed' ? receipt : undefined;
  });
  assert.ok(own.lockedAt !== null && own.milliseconds !== null && own.milliseconds < 3_000);
  const other = await until('the receipt of the other', async () => {
    const receipt = await receiptOf(number, away);
    return receipt?.state === 'confirmed' ? receipt : undefined;
  });
  assert.equal(other.lockedAt, null);
  await away.screen().shows('open');
  away.screen().call('session/lock', {}, 'badge');
  await away.screen().shows('ready');
  await lifted();
});

test('with the server gone and its guard started anew it lets nobody in either; another one does', async () => {
  const { ward, away } = hospital;
  await hospital.stopServers();
  await until('it is alone', async () => (await why(ward)) === 'server-unreachable');
  await ward.stop();
  await ward.start();
  await until('it is alone after a start', async () => (await why(ward)) === 'server-unreachable');
  await until('the other goes on alone', async () => !(await away.screen().shows('ready', 20_000)).online);
  await away.logIn();
  await hospital.startFirst();
  await hospital.signIn();
  await until('it hears it again', async () => (await why(ward)) === 'terminal-revoked', 30_000);
});

test('one that is enabled is used again as it was, at once and without a visit', async () => {
  const { ward } = hospital;
  const was = ward.id();
  await enable(ward);
  await ward.logIn(colleague);
  assert.equal(ward.id(), was);
});

test('one that was off when it was disabled hears it when it is back, confirms, and keeps nobody for later', async () => {
  const { ward } = hospital;
  await ward.stop();
  const number = await disable(ward);
  assert.notEqual((await receiptOf(number, ward))?.state, 'confirmed');
  await ward.start();
  await until('it says so', async () => (await why(ward)) === 'terminal-revoked', 30_000);
  await until('its receipt', async () => (await receiptOf(number, ward))?.state === 'confirmed', 15_000);
  await hospital.stopServers();
  await until('it is alone', async () => (await why(ward)) === 'server-unreachable', 30_000);
  await hospital.startFirst();
  await hospital.signIn();
  await enable(ward);
  await ward.logIn(colleague);
});
