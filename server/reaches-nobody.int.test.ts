import './tls/reflect.ts';
import assert from 'node:assert/strict';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer, type Server, Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import * as x509 from '@peculiar/x509';
import fc from 'fast-check';
import { api, type RouteName } from '#contract/api/index.ts';
import { type Row, roles } from '#contract/api/row.ts';
import { scimUrns } from '#contract/api/scim.ts';
import { startTestServer, type TestServer } from './testing.ts';
import { answerOf, makeAuthority, makeCertificate, nonceFor } from './testing-card.ts';
import { begin } from './testing-login.ts';
import { connectSenders, everybody, gateRefusal, type Senders } from './testing-senders.ts';
import { arbitraryOf, type Words } from './testing-shapes.ts';
import { fillPath } from './testing-trial.ts';

/**
 * What a server that fetches what it is told would come to: an address that answers nothing but counts, and a name that
 * nobody has.
 */
let bait: Server;
let visits = 0;
let address: string;
const name = 'bait.kazasu.invalid';
let server: TestServer;
let senders: Senders;
const { lookup } = dns;
const { connect } = Socket.prototype;
const asked = new Set<string>();
const reached = new Set<string>();

before(async () => {
  bait = createServer((socket) => {
    visits += 1;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(bait, 'listening');
  const { port } = bait.address() as { port: number };
  address = `127.0.0.1:${port}`;
  server = await startTestServer();
  senders = await connectSenders(server);
  // Server and test are one process: what the test itself reaches is its server and the database.
  dns.lookup = ((...given: Parameters<typeof lookup>) => {
    asked.add(String(given[0]));
    return lookup(...given);
  }) as typeof lookup;
  Socket.prototype.connect = function (this: Socket, ...given: Parameters<typeof connect>) {
    const [to] = (given as unknown[]).flat() as (number | string | { port?: number; path?: string })[];
    reached.add(String(typeof to === 'object' ? (to.port ?? to.path) : to));
    return connect.apply(this, given);
  } as typeof connect;
});
after(async () => {
  dns.lookup = lookup;
  Socket.prototype.connect = connect;
  await server.close();
  bait.close();
});

const baits = (): readonly string[] => [
  `http://${address}/a`,
  `https://${address}/b`,
  `//${address}/c`,
  `ldap://${name}/d`,
  `http://${name}/e`,
  `"><img src=http://${address}/f>`,
  `\${jndi:ldap://${address}/g}`,
  `x@${name}`,
];
/** Every text that is free enough holds one. */
const withBaits: Words = (_member, { type, format, pattern, enum: either, maxLength = 200 }, usual) =>
  type === 'string' && format === undefined && pattern === undefined && either === undefined && maxLength >= 40
    ? fc.constantFrom(...baits().map((one) => one.slice(0, maxLength)))
    : usual;

describe('a server that is told addresses', () => {
  it('comes to none of them, whoever writes them into whatever part of whatever request', async () => {
    let sent = 0;
    for (const [call, row] of Object.entries(api) as [RouteName, Row][]) {
      if (row.method === 'GET' || row.body === undefined) continue;
      server.advance(61_000);
      await senders.refresh();
      for (const who of everybody.filter((one) => gateRefusal(row, one) === undefined)) {
        for (const body of fc.sample(arbitraryOf(row.body, withBaits), 4)) {
          const headers = {
            'content-type': row.sender === 'directory' ? 'application/scim+json' : 'application/json',
            'x-forwarded-host': name,
            'x-original-url': `http://${address}/`,
            referer: `http://${address}/`,
            via: `1.1 ${name}`,
          };
          // A terminal may be shut out by what it says: that is an answer too.
          await server
            .send(senders.of(who), fillPath(row), { method: row.method, body: JSON.stringify(body), headers })
            .then((answer) => answer.arrayBuffer())
            .catch(() => assert.equal(who, 'terminal', call));
          sent += 1;
        }
      }
    }
    assert.ok(sent > 4 * roles.length, `${sent} requests`);
  });

  it('fetches nothing that a directory says of a person', async () => {
    const url = `http://${address}/photo`;
    const user = {
      schemas: [scimUrns.user, scimUrns.enterprise, `http://${address}/schema`],
      userName: 'R-1',
      displayName: 'Told',
      profileUrl: url,
      photos: [{ value: url, type: 'photo' }],
      x509Certificates: [{ value: url }],
      meta: { location: url },
      groups: [{ $ref: url, value: url }],
      [scimUrns.enterprise]: { manager: { $ref: url } },
    };
    const added = await senders.directory.send('POST', '/Users', user);
    assert.equal(added.status, 201, JSON.stringify(added.body));
    assert.ok(!JSON.stringify(added.body).includes(address));
    const { id } = added.body as unknown as { id: string };
    const operations = [
      { op: 'add', path: 'photos', value: [{ value: url }] },
      { op: 'replace', path: 'profileUrl', value: url },
    ];
    assert.equal((await senders.directory.patch(`/Users/${id}`, ...operations)).status, 200);
  });

  it('asks no address in a certificate whether that is revoked or who issued it', async () => {
    const url = `http://${address}`;
    const extensions = [
      new x509.CRLDistributionPointsExtension([`${url}/crl`]),
      new x509.AuthorityInfoAccessExtension({ ocsp: [`${url}/ocsp`], caIssuers: [`${url}/issuer`] }),
    ];
    const authority = await makeAuthority({ extensions });
    const admin = await server.signIn(['admin']);
    const added = await server.call(admin, 'card-authorities/add', { body: { name: 'a', certificate: authority.pem } });
    assert.equal(added.status, 200, JSON.stringify(added.body));
    const terminal = await server.enrol();
    for (const issuer of [authority, undefined, await makeAuthority({ extensions })]) {
      const card = await makeCertificate({ extensions }, issuer);
      const evidence = answerOf(card, await nonceFor(server, terminal), terminal.id);
      assert.equal((await begin(server, terminal, evidence)).code, 'CARD_REFUSED');
    }
    const client = await makeCertificate({ extensions, purposes: ['1.3.6.1.5.5.7.3.2'] }, authority);
    const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', client.keys.privateKey), 'PRIVATE KEY');
    const answered = await server.call(server.sender({ key, cert: client.pem }), 'terminals/report', { body: {} });
    assert.equal(answered.code, 'TERMINAL_CERTIFICATE_MISSING');
  });

  it('and all of that reached its database and itself alone', () => {
    assert.equal(visits, 0);
    const { port } = new URL(server.connectionString);
    assert.deepEqual(
      [...reached].filter((one) => ![String(server.port), port].includes(one)),
      [],
    );
    assert.deepEqual(
      [...asked].filter((one) => !['127.0.0.1', 'localhost', new URL(server.connectionString).hostname].includes(one)),
      [],
    );
  });

  it('would be seen: the same look finds a visit', async () => {
    const { port } = bait.address() as { port: number };
    const seen = once(bait, 'connection');
    await fetch(`http://localhost:${port}/`).catch(() => undefined);
    await seen;
    assert.ok(reached.has(String(port)) && asked.has('localhost'));
    assert.equal(visits, 1);
  });
});
