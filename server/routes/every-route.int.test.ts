import assert from 'node:assert/strict';
import { randomUUID, webcrypto } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { type Answer, api, type RouteName } from '#contract/api/index.ts';
import { type Row, roles } from '#contract/api/row.ts';
import type { FailureCode } from '#contract/errors.ts';
import { expire } from '../expiry.ts';
import { bodyLimitOf } from '../guard.ts';
import { startTestServer, type TestSender, type TestServer, type TestTerminal } from '../testing.ts';
import { makeCodes, mustBeginEmergency } from '../testing-cardless.ts';
import { logIn, makeClinician, mustBegin, ticketOf } from '../testing-login.ts';
import {
  connectSenders,
  contentTypeRefusal,
  everybody,
  gateRefusal,
  type Senders,
  type Who,
} from '../testing-senders.ts';
import { invalidOf, type Shape, shapeOf, validOf } from '../testing-shapes.ts';
import { sumTables } from '../testing-tables.ts';
import { createTrial, drawOne, fillPath, type Request, type Trial } from '../testing-trial.ts';

let server: TestServer;
let senders: Senders;
/** A session that is over, a terminal that was shut out, and one that is out of use for now. */
let ended: TestSender;
let revoked: TestTerminal;
let disabled: TestTerminal;
before(async () => {
  server = await startTestServer();
  senders = await connectSenders(server);
  const left = await server.signIn(['admin']);
  ended = left;
  await server.database.query('update console_session set ended_at = $2 where person = $1', [
    left.person,
    server.now(),
  ]);
  revoked = await server.enrol();
  const given = { params: { terminal: revoked.id }, body: { reason: 'gone' } };
  assert.equal((await server.call(senders.of('admin'), 'terminals/revoke', given)).status, 200);
  disabled = await server.enrol();
  const aside = { params: { terminal: disabled.id }, body: { reason: 'repair' } };
  assert.equal((await server.call(senders.of('admin'), 'terminals/disable', aside)).status, 200);
});
after(() => server.close());

const rows = Object.entries(api) as [RouteName, Row][];
const isFor = (row: Row, who: Who): boolean => gateRefusal(row, who) === undefined;
const whomItIsFor = (row: Row): Who => everybody.find((who) => isFor(row, who)) ?? assert.fail('nobody may send it');

type Attack = (trial: Trial, name: RouteName) => Promise<void>;

/** A request that a row refuses for its shape alone. */
const misshape = (row: Row): Request =>
  row.body === undefined ? { path: `${fillPath(row)}?isAdmin=true` } : { body: drawOne(invalidOf(row.body)) ?? 'null' };

/** The kinds of identifiers that a shape wants: those of the server's own things, not of a terminal's lock. */
const kindsOf = ({ properties = {}, required = [], anyOf = [] }: Shape): Record<string, string> => {
  const own = Object.entries(properties).flatMap(([name, { description = '' }]) => {
    const kind = /^identifier of a (?!lock$)(\w+)$/.exec(description)?.[1];
    return kind !== undefined && required.includes(name) ? [[name, kind]] : [];
  });
  return Object.assign(Object.fromEntries(own), ...anyOf.map(kindsOf));
};
const kindsIn = (schema: Row['params']): Record<string, string> =>
  schema === undefined ? {} : kindsOf(shapeOf(schema));
/** A part of a request as it is sent; `undefined` when it cannot be, or arrives as something that is taken. */
const toRequest = (row: Row, part: 'params' | 'query' | 'body', value: unknown): Request | undefined => {
  if (part === 'body') return { body: value ?? 'null' };
  if (typeof value !== 'object' || value === null) return undefined;
  const texts = Object.entries(value).map(([name, one]): [string, string] => [name, String(one).toWellFormed()]);
  if (row[part]?.safeParse(Object.fromEntries(texts)).success !== false) return undefined;
  if (part === 'query') return { path: `${fillPath(row)}?${new URLSearchParams(texts)}` };
  const all = [...row.path.matchAll(/:([a-z]+)/gi)].every(([, name = '']) => Object.hasOwn(value, name));
  const isPath = texts.every(([name, text]) => row.path.includes(`:${name}`) && text !== '' && text.length <= 100);
  return all && isPath ? { path: fillPath(row, Object.fromEntries(texts)) } : undefined;
};
const namesThings = (row: Row): boolean => row.params !== undefined || Object.keys(kindsIn(row.body)).length > 0;

type Things = Readonly<Record<string, string>>;
/** How the other terminal comes by what a request names, and what goes with it in a body. */
const owned: Readonly<Record<string, () => Promise<Things>>> = {
  attempt: async () => {
    const { attempt } = await mustBegin(server, senders.otherTerminal, (await makeClinician(server)).evidence);
    return { attempt, ticket: ticketOf(attempt) };
  },
  /** In an emergency the ticket is another one. */
  'emergencies attempt': async () => {
    const admins = [await server.signIn(['admin']), await server.signIn(['admin'])] as const;
    const [made] = (await makeCodes(server, admins, {})).codes;
    return { ...(await mustBeginEmergency(server, senders.otherTerminal, made?.code ?? '')) };
  },
  session: async () => {
    const clinician = await makeClinician(server, { roles: ['admin'] });
    const { session, token } = await logIn(server, senders.otherTerminal, clinician);
    return { session, token };
  },
  ceremony: async () => {
    // Nobody has to agree to the card of somebody who uses none yet.
    const { person } = await makeClinician(server, { pin: false, totp: false });
    await server.database.query('update terminal set connected_at = $2, last_seen_at = $2 where id = $1', [
      senders.otherTerminal.id,
      server.now(),
    ]);
    const body = { task: 'card', person: person.id, terminal: senders.otherTerminal.id };
    const begun = await server.call(senders.of('admin'), 'ceremonies/begin', { body });
    assert.equal(begun.status, 200, JSON.stringify(begun.body));
    return { ceremony: (begun.body as Answer<'ceremonies/begin'>).ceremony.id };
  },
};
/** What the path of a row names, owned by the other terminal; `undefined` when it names nothing. */
const makeThings = async (name: RouteName, row: Row): Promise<Things | undefined> => {
  const kinds = Object.values(kindsIn(row.params));
  if (kinds.length === 0) return undefined;
  const [area] = name.split('/');
  const made = kinds.map((kind) => {
    const make =
      owned[`${area} ${kind}`] ?? owned[kind] ?? assert.fail(`say above how a terminal comes by its ${kind}`);
    return make();
  });
  return Object.assign({}, ...(await Promise.all(made)));
};
const reachForThings = async ({ row, refuses }: Trial, things: Things): Promise<string[]> => {
  const drawn = (row.body === undefined ? {} : drawOne(validOf(row.body))) as object;
  const own = Object.entries(things).filter(([member]) => member in drawn);
  const body = { ...drawn, ...Object.fromEntries(own) };
  await refuses('of another terminal', senders.of('terminal'), { path: fillPath(row, things), body }, 'TERMINAL_OTHER');
  const told = await server.database.query(
    `select 1 from event where reason = 'other-terminal' and terminal = $1
        and $2 in (attempt::text, session::text, ceremony::text, detail::text)`,
    [senders.terminal.id, things['attempt'] ?? things['session'] ?? things['ceremony']],
  );
  return told.length === 1 ? [] : ['the log does not tell of what is of another terminal'];
};

/** Everybody whom the row does not name, and those whom it names without their identity or with a bad request. */
const sendAsEverybody: Attack = async ({ row, refuses }) => {
  const stranger = gateRefusal(row, 'nobody') ?? 'REQUEST_INVALID';
  for (const who of everybody) {
    const [from, address] = [senders.of(who), senders.addresses[who]];
    const refusal = gateRefusal(row, who);
    // Somebody without any cookie may be a first visit, which is nothing to write down.
    const noted = refusal === 'CONSOLE_SIGNED_OUT' ? undefined : address;
    await refuses(`${who}, bad shape`, from, misshape(row), refusal ?? 'REQUEST_INVALID', noted);
    await refuses(`${who}, without identity`, senders.withoutIdentity(who), misshape(row), stranger);
    if (row.body !== undefined) {
      const headers = { 'content-type': 'text/plain' };
      await refuses(`${who}, text`, from, { headers }, contentTypeRefusal(row, who), address);
    }
    if (refusal !== undefined || namesThings(row)) {
      const sent = row.body === undefined ? {} : { body: drawOne(validOf(row.body)) };
      await refuses(`${who}, things that are not there`, from, sent, refusal ?? row.failures);
    }
  }
};

const brokenBodies = [
  'null',
  '[]',
  '"text"',
  '1',
  '{',
  '{"a":1,}',
  '{"__proto__":{"a":1}}',
  '{"constructor":{"prototype":{}}}',
  '',
];
const sendBadShapes: Attack = async ({ row, refuses }, name) => {
  const who = whomItIsFor(row);
  const [from, address] = [senders.of(who), senders.addresses[who]];
  for (const part of ['params', 'query', 'body'] as const) {
    const schema = row[part];
    if (schema === undefined) continue;
    for (const value of fc.sample(invalidOf(schema), 6)) {
      const sent = toRequest(row, part, value);
      const what = `${part} ${JSON.stringify(value)?.slice(0, 200)}`;
      if (sent !== undefined) await refuses(what, from, sent, 'REQUEST_INVALID', address);
    }
  }
  if (row.body === undefined) return;
  for (const body of brokenBodies) await refuses(`body ${body}`, from, { body }, 'REQUEST_INVALID', address);
  const huge = JSON.stringify({ huge: 'x'.repeat(bodyLimitOf(name)) });
  await refuses('a huge body', from, { body: huge }, 'REQUEST_TOO_LARGE', address);
};

/** What another page could have a browser send, two identities at once, and sessions that are none. */
const forge: Attack = async ({ row, refuses }) => {
  if (typeof row.sender === 'string' && row.sender !== 'anyone') return;
  const role = roles.find((each) => isFor(row, each));
  assert.ok(role, 'no role may send it');
  const [from, address] = [senders.of(role), senders.addresses[role]];
  const refusesHeaders = (headers: Record<string, string>, code: FailureCode) =>
    refuses(JSON.stringify(headers), from, { ...misshape(row), headers }, code, address);
  await refusesHeaders({ origin: 'https://evil.example' }, 'CONSOLE_FORGED');
  await refusesHeaders({ origin: 'null' }, 'CONSOLE_FORGED');
  await refusesHeaders({ 'sec-fetch-site': 'cross-site' }, 'CONSOLE_FORGED');
  await refusesHeaders({ 'sec-fetch-site': 'same-site' }, 'CONSOLE_FORGED');
  if (row.sender === 'anyone') return;
  await refusesHeaders({ authorization: senders.directory.headers['authorization'] ?? '' }, 'CONSOLE_FORGED');
  await refusesHeaders({ authorization: 'Basic x' }, 'CONSOLE_FORGED');
  await refusesHeaders({ cookie: `__Host-kazasu=${randomUUID()}` }, 'CONSOLE_SIGNED_OUT');
  await refuses('an ended session', { ...from, headers: ended.headers }, misshape(row), 'CONSOLE_SIGNED_OUT', address);
  if (row.method === 'GET') return;
  const { origin: _origin, ...withoutOrigin } = from.headers;
  const { 'x-kazasu-csrf': _csrf, ...withoutToken } = from.headers;
  await refusesHeaders({ 'x-kazasu-csrf': 'guess' }, 'CONSOLE_FORGED');
  await refuses('no token', { ...from, headers: withoutToken }, misshape(row), 'CONSOLE_FORGED', address);
  await refuses('no origin', { ...from, headers: withoutOrigin }, misshape(row), 'CONSOLE_FORGED', address);
};

/** Who says that they come for somebody else is still who they are. */
const pretend: Attack = async ({ row, refuses }) => {
  const pretences = {
    'x-forwarded-for': '203.0.113.9',
    forwarded: 'for=203.0.113.9',
    'x-real-ip': '203.0.113.9',
    'x-client-cert': encodeURIComponent(senders.terminal.admission.certificate),
    'x-ssl-client-verify': 'SUCCESS',
    'x-remote-user': 'admin',
    'x-http-method-override': 'GET',
    'x-original-url': '/v1/health',
    'x-rewrite-url': '/v1/health',
    'x-tenant-id': '1',
    'x-scope-orgid': '*',
  };
  const refusal = gateRefusal(row, 'nobody') ?? 'REQUEST_INVALID';
  const noted = refusal === 'CONSOLE_SIGNED_OUT' ? undefined : senders.addresses.nobody;
  await refuses('nobody as somebody', senders.of('nobody'), { ...misshape(row), headers: pretences }, refusal, noted);
  if (row.sender !== 'directory') return;
  const both = { cookie: senders.of('admin').headers['cookie'] ?? '' };
  const from = senders.of('directory');
  const sent = { ...misshape(row), headers: both };
  await refuses('token and cookie', from, sent, 'DIRECTORY_TOKEN_REFUSED', senders.addresses.directory);
};

const fits = (path: string, pattern: string): boolean => {
  const [given, wanted] = [path.split('/'), pattern.split('/')];
  return given.length === wanted.length && wanted.every((part, at) => part.startsWith(':') || part === given[at]);
};
const sendOtherMethods: Attack = async ({ row, refuses }) => {
  const who = whomItIsFor(row);
  const path = fillPath(row);
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    if (rows.some(([, other]) => other.method === method && fits(path, other.path))) continue;
    const address = senders.addresses[who];
    await refuses(method, senders.of(who), { path, method }, 'REQUEST_UNKNOWN', address, 'unknown');
  }
};

const sendRevoked: Attack = async ({ row, refuses }) => {
  if (row.sender !== 'terminal') return;
  const body = row.body === undefined ? {} : { body: drawOne(validOf(row.body)) };
  await refuses('revoked, bad shape', revoked, misshape(row), 'TERMINAL_REVOKED', '127.0.0.1');
  await refuses('revoked, right shape', revoked, body, 'TERMINAL_REVOKED');
};

const sendDisabled: Attack = async ({ row, refuses }) => {
  if (row.sender !== 'terminal' || row.takesDisabled) return;
  const body = row.body === undefined ? {} : { body: drawOne(validOf(row.body)) };
  await refuses('disabled, right shape', disabled, body, 'TERMINAL_DISABLED');
};

describe('every route refuses whom, what and how its row does not name, changes nothing by it, and the log tells', () => {
  for (const [name, row] of rows) {
    it(name, async () => {
      // The log takes few refusals in a minute.
      server.advance(61_000);
      await expire(server.deps);
      await senders.refresh();
      const things = row.sender === 'terminal' ? await makeThings(name, row) : undefined;
      await server.app.settled();
      const before = await sumTables(server.database);
      const trial = createTrial(server, name);
      const attacks = [sendAsEverybody, sendBadShapes, forge, pretend, sendOtherMethods, sendRevoked, sendDisabled];
      for (const attack of attacks) await attack(trial, name);
      const untold = things === undefined ? [] : await reachForThings(trial, things);
      await server.app.settled();
      assert.deepEqual([...(await trial.problems()), ...untold], []);
      assert.deepEqual(await sumTables(server.database), before, 'a refused request changed a table');
      // What was made for this route must not come to its end in the middle of the next one.
      await server.database.query("update session set ended_at = $1, end_reason = 'lock' where ended_at is null", [
        server.now(),
      ]);
      await server.database.query("update ceremony set state = 'done' where state <> 'done'");
    });
  }

  it('terminals/confirm takes no receipt that another terminal signed', async () => {
    const { person } = await server.signIn(['clinician']);
    const params = { person };
    const answered = await server.call(senders.of('admin'), 'people/suspend', { params, body: { reason: 'left' } });
    const { revocation: number } = answered.body as Answer<'people/suspend'>;
    const receivedAt = server.now().toISOString();
    const { privateKey } = senders.otherTerminal.keys;
    const signed = await webcrypto.subtle.sign(
      { name: 'ECDSA', hash: 'SHA-256' },
      privateKey,
      Buffer.from(`${number}..${receivedAt}`),
    );
    const body = { number, lockedAt: null, receivedAt, signature: Buffer.from(signed).toString('base64url') };
    const before = await sumTables(server.database);
    const trial = createTrial(server, 'terminals/confirm');
    await trial.refuses('signed by the other', senders.of('terminal'), { body }, 'TERMINAL_OTHER');
    assert.deepEqual(await trial.problems(), []);
    assert.deepEqual(await sumTables(server.database), before);
    assert.equal((await server.call(senders.otherTerminal, 'terminals/confirm', { body })).status, 200);
  });
});
