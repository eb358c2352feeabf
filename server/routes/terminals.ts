import { createHash, X509Certificate } from 'node:crypto';
import type { Admission } from '#contract/api/terminals.ts';
import { fail, succeed } from '#contract/errors.ts';
import type { TerminalId } from '#contract/ids.ts';
import type { Backlog } from '../backlog.ts';
import type { ServerDeps } from '../deps.ts';
import { createLimit } from '../limit.ts';
import type { ReportStore, SentBody } from '../reports/report-store.ts';
import { cutConnections, shutOut } from '../shut-out.ts';
import { type Lane, violates } from '../store/database.ts';
import { record } from '../store/events.ts';
import { storeReceipt } from '../store/revocations.ts';
import { countTerminals, listTerminalPage } from '../store/terminal-list.ts';
import {
  admit,
  announce,
  codeLifetime,
  disable,
  enable,
  keepTrust,
  revoke,
  tryChangeTerminal,
  tryGetAdmitted,
  useEnrolmentCode,
} from '../store/terminals.ts';
import { createUuid } from '../store/uuid.ts';
import { isSignedBy } from '../terminal-signature.ts';
import type { ClientCertificate } from '../tls/authority.ts';
import { hashKey } from '../tls/client-certificate.ts';
import { createTypedCode, hashTypedCode } from '../tokens.ts';
import type { Handlers, TerminalSender } from './handlers.ts';
import { refuseCursor } from './listed.ts';

const textOfReceipt = (receipt: { number: number; lockedAt: string | null; receivedAt: string }): string =>
  `${receipt.number}.${receipt.lockedAt ?? ''}.${receipt.receivedAt}`;

export interface TerminalDeps extends ServerDeps {
  readonly people: Lane;
  readonly background: Lane;
  readonly backlog: Pick<Backlog, 'during'>;
  readonly reports: ReportStore;
}

export const createTerminalRoutes = (deps: TerminalDeps) => {
  const { background, database, now, people } = deps;
  // Codes have 130 bits, so this only keeps noise out of the log and work off the database.
  const wrongCodes = createLimit({ tries: 10, everyMs: 60_000 });
  /** Each is an event; what a terminal sends beyond that is refused without one. */
  const foreignSignatures = createLimit({ tries: 10, everyMs: 60_000 });
  const refuseSignature = async (
    { terminal, address }: TerminalSender,
    detail: Readonly<Record<string, string | number>>,
  ) => {
    const at = now();
    if (foreignSignatures.allows(terminal, at)) {
      foreignSignatures.count(terminal, at);
      const facts = { kind: 'request.refused', outcome: 'serious', reason: 'signature' } as const;
      await record(database, at, { ...facts, terminal, detail: { ...detail, address } });
    }
    return fail('TERMINAL_OTHER');
  };

  const toAdmission = (terminal: TerminalId, name: string, held: ClientCertificate): Admission => ({
    terminal,
    name,
    certificate: held.certificate,
    expiresAt: held.expiresAt.toISOString(),
    ...deps.keys.trust(),
  });
  const issue = async (request: string, terminal: TerminalId, at: Date) => {
    const { current } = deps.keys.authorities();
    const issued = await current.issueClient(request, terminal, at);
    if (issued === undefined) return undefined;
    const publicKey = new X509Certificate(issued.certificate).publicKey.export({ type: 'spki', format: 'der' });
    return { ...issued, authority: current.id, key: hashKey(publicKey) };
  };

  return {
    'terminals/enrol': async ({ body }, { address }) => {
      const at = now();
      if (!wrongCodes.tryTake(address, at)) return fail('SERVER_BUSY', { retryAfterSeconds: 60 });
      return database.transaction(async (tx) => {
        const refuse = async (reason: string, terminal: TerminalId | null) => {
          const detail = { address, request: createHash('sha256').update(body.request).digest('hex').slice(0, 16) };
          await record(tx, at, {
            kind: 'terminal.enrolment-refused',
            outcome: 'serious',
            terminal,
            reason,
            factors: ['one-time-code'],
            detail,
          });
          return fail('ENROLMENT_REFUSED');
        };
        // A code that came with a bad request is used up all the same: it was shown to somebody.
        const found = await useEnrolmentCode(tx, at, hashTypedCode(body.code));
        if (found === undefined) return refuse('code', null);
        const held = await issue(body.request, found.terminal, at);
        if (held === undefined) return refuse('request', found.terminal);
        const admitted = await admit(tx, at, found.terminal, { from: 'announced', held, previousKey: null });
        if (!admitted) return refuse('code', found.terminal);
        await record(tx, at, {
          kind: 'terminal.enrolled',
          outcome: 'success',
          terminal: found.terminal,
          factors: ['one-time-code'],
          detail: { address, serial: held.serial },
        });
        await tx.notify('changed', { what: 'terminals' });
        wrongCodes.putBack(address, at);
        return succeed(toAdmission(found.terminal, found.name, held));
      });
    },

    'terminals/renew': async ({ body }, { terminal, name, address, key: previousKey, certificateExpiresAt }) => {
      const at = now();
      const lapsed = certificateExpiresAt <= at;
      const held = await issue(body.request, terminal, at);
      if (held === undefined) return fail('ENROLMENT_REFUSED');
      return database.transaction(async (tx) => {
        if (!(await admit(tx, at, terminal, { from: 'admitted', held, previousKey }))) {
          // Revoked since the gate let it pass, or its newer key was used since.
          const isRevoked = (await tryGetAdmitted(tx, terminal)) === undefined;
          const reason = isRevoked ? 'terminal-revoked' : 'certificate-superseded';
          const detail = { call: 'terminals/renew', address };
          await record(tx, at, { kind: 'request.refused', outcome: 'serious', reason, terminal, detail });
          return fail(isRevoked ? 'TERMINAL_REVOKED' : 'TERMINAL_CERTIFICATE_MISSING');
        }
        const detail = { address, serial: held.serial, authority: held.authority };
        await record(tx, at, {
          kind: 'terminal.renewed',
          // Somebody should look at a terminal that was away for so long.
          outcome: lapsed ? 'serious' : 'success',
          terminal,
          reason: lapsed ? 'lapsed' : null,
          detail: lapsed ? { ...detail, endedAt: certificateExpiresAt.toISOString() } : detail,
        });
        if (lapsed)
          deps.log.warn({ terminal, certificateExpiresAt }, 'a terminal renewed a certificate that had ended');
        await tx.notify('changed', { what: 'terminals' });
        return succeed(toAdmission(terminal, name, held));
      });
    },

    'terminals/keep-trust': async ({ body }, { terminal }) => {
      await keepTrust(database, terminal, body.trustVersion);
      return succeed({});
    },

    'terminals/report': async ({ body }, sender) => {
      const { terminal } = sender;
      const store = (given: SentBody['body']) =>
        deps.backlog.during(deps.reports.store({ terminal, publicKey: sender.publicKey(), body: given }));
      let stored = await store(body.bytes);
      if (stored.kind === 'unread') {
        const read = body.read();
        // What is wrong with it the gate says.
        if (!read.ok) return fail('REQUEST_INVALID');
        stored = await store(read.value);
      }
      switch (stored.kind) {
        case 'unread':
          throw new Error('a report that was read came back unread');
        case 'foreign':
          return refuseSignature(sender, { call: 'terminals/report', count: stored.records });
        case 'restored':
          return fail('SERVER_RESTORED');
        case 'unknown':
          return fail('SERVER_BUSY', { retryAfterSeconds: 1 });
        case 'stored':
          if (stored.rewritten > 0)
            deps.log.warn({ terminal, ...stored }, 'a terminal sent other records for old places');
          return succeed({ epoch: stored.epoch, sequence: stored.sequence });
      }
    },

    'terminals/confirm': async ({ body }, sender) => {
      if (!isSignedBy(sender.publicKey(), textOfReceipt(body), body.signature))
        return refuseSignature(sender, { call: 'terminals/confirm', number: body.number });
      const outcome = await background.transaction((tx) =>
        storeReceipt(tx, now(), sender.terminal, {
          number: body.number,
          receivedAt: new Date(body.receivedAt),
          lockedAt: body.lockedAt === null ? null : new Date(body.lockedAt),
          signature: body.signature,
        }),
      );
      if (outcome === 'unknown') return fail('REQUEST_INVALID', { problems: [{ path: 'body.number', rule: 'known' }] });
      return succeed({});
    },

    'terminals/list': async ({ query }) => {
      const listed = await listTerminalPage(people, now(), query);
      if (listed === undefined) return refuseCursor();
      const { rows: terminals, next, total } = listed;
      return succeed({ terminals, next, total, ...(await countTerminals(people, now())) });
    },

    'terminals/announce': async ({ body }, { person, address }) => {
      const at = now();
      const code = createTypedCode();
      const expiresAt = new Date(at.getTime() + codeLifetime);
      const id = createUuid(at) as TerminalId;
      try {
        await people.transaction(async (tx) => {
          await announce(tx, at, { id, ...body, codeHash: hashTypedCode(code), expiresAt, by: person });
          await record(tx, at, {
            kind: 'terminal.announced',
            outcome: 'success',
            actor: person,
            terminal: id,
            detail: { name: body.name, ...(body.group === '' ? {} : { group: body.group }), address },
          });
          await tx.notify('changed', { what: 'terminals' });
        });
      } catch (problem) {
        if (violates(problem, 'terminal_name')) return fail('TERMINAL_NAME_TAKEN');
        throw problem;
      }
      return succeed({ terminal: id, code, expiresAt: expiresAt.toISOString() });
    },

    'terminals/change': async ({ params: { terminal }, body }, { person, address }) => {
      try {
        return await database.transaction(async (tx) => {
          const before = await tryChangeTerminal(tx, terminal, body);
          if (before === undefined) return fail('TERMINAL_UNKNOWN');
          await record(tx, now(), {
            kind: 'terminal.changed',
            outcome: 'success',
            actor: person,
            terminal,
            detail: { ...body, nameBefore: before.name, placeBefore: before.place, groupBefore: before.group, address },
          });
          await tx.notify('changed', { what: 'terminals' });
          return succeed({});
        });
      } catch (problem) {
        if (violates(problem, 'terminal_name')) return fail('TERMINAL_NAME_TAKEN');
        throw problem;
      }
    },

    'terminals/disable': async ({ params: { terminal }, body: { reason } }, { person }) =>
      people.transaction(async (tx) => {
        const at = now();
        if (!(await disable(tx, at, terminal, { by: person, reason }))) return fail('TERMINAL_UNKNOWN');
        return succeed({ revocation: await shutOut(tx, at, terminal, { reason, actor: person, forNow: true }) });
      }),

    'terminals/enable': async ({ params: { terminal }, body: { reason } }, { person }) =>
      people.transaction(async (tx) => {
        if (!(await enable(tx, terminal))) return fail('TERMINAL_UNKNOWN');
        await record(tx, now(), { kind: 'terminal.enabled', outcome: 'success', actor: person, terminal, reason });
        // It comes again at once, and hears that it is in use.
        await cutConnections(tx, terminal);
        await tx.notify('changed', { what: 'terminals' });
        return succeed({});
      }),

    'terminals/revoke': async ({ params: { terminal }, body: { reason } }, { person }) =>
      people.transaction(async (tx) => {
        const at = now();
        if (!(await revoke(tx, at, terminal))) return fail('TERMINAL_UNKNOWN');
        const revocation = await shutOut(tx, at, terminal, { reason, actor: person });
        return succeed({ revocation });
      }),
  } satisfies Partial<Handlers>;
};
