import { createHash } from 'node:crypto';
import { PemConverter } from '@peculiar/x509';
import type { CardAuthority } from '#contract/api/card-authorities.ts';
import { fail, succeed } from '#contract/errors.ts';
import { type CertificateFacts, tryReadCertificate } from '../cards/certificate.ts';
import type { ServerDeps } from '../deps.ts';
import {
  type ListedRow,
  listAuthorities,
  listCertificates,
  tryInsertAuthority,
  tryRemoveAuthority,
} from '../store/card-authorities.ts';
import type { Transaction } from '../store/database.ts';
import { record } from '../store/events.ts';
import { type ActToApprove, type Approved, actOrGiveBack, requireApproval } from './approving.ts';
import type { ConsoleSender, Handlers } from './handlers.ts';
import { by } from './refusing.ts';

/** The list of those whose certificates on cards are believed. */
export const createCardAuthorityRoutes = (deps: ServerDeps) => {
  const { database, cards } = deps;

  const approve = (tx: Transaction, now: Date, sender: ConsoleSender, act: Omit<ActToApprove, 'act' | 'subject'>) =>
    deps.policy().fourEyes.includes('card-authorities')
      ? requireApproval(tx, now, sender, { ...act, act: 'card-authorities', subject: null })
      : succeed<Approved>({});

  return {
    'card-authorities/list': async () => {
      const rows = await listAuthorities(database);
      return succeed({ authorities: rows.map(toAuthority) });
    },

    'card-authorities/add': async ({ body }, sender) => {
      const now = deps.now();
      const facts = tryReadPem(body.certificate);
      const rule = facts === undefined ? 'one-certificate' : whyNot(facts, now);
      if (facts === undefined || rule !== undefined) {
        return fail('CARD_AUTHORITY_INVALID', { problems: [{ path: 'certificate', rule: rule ?? 'one-certificate' }] });
      }
      const certificate = facts.certificate.raw;
      const fingerprint = fingerprintOf(certificate);
      const added = await actOrGiveBack(database, async (tx) => {
        const known = await listCertificates(tx);
        if (known.some((one) => certificate.equals(one.certificate))) return fail('CARD_AUTHORITY_KNOWN');
        const call = 'card-authorities/add';
        const approved = await approve(tx, now, sender, {
          call,
          what: [body.name, fingerprint],
          about: `${body.name}: SHA-256 ${fingerprint}`,
        });
        if (!approved.ok) return approved;
        const row = await tryInsertAuthority(tx, now, { name: body.name, certificate, by: sender.person });
        if (row === undefined) return fail('CARD_AUTHORITY_KNOWN');
        const detail = { authority: row.id, name: row.name, fingerprint, ...approved.value };
        await record(tx, now, { ...by(sender, null), kind: 'card-authority.added', outcome: 'success', detail });
        await tx.notify('changed', { what: 'card-authorities' });
        return succeed({ authority: toAuthority(row) });
      });
      if (added.ok) await cards.authorities.refresh();
      return added;
    },

    'card-authorities/remove': async ({ params, body }, sender) => {
      const { authority: id } = params;
      const removed = await actOrGiveBack(database, async (tx) => {
        const now = deps.now();
        const call = 'card-authorities/remove';
        const known = (await listAuthorities(tx)).find((one) => one.id === id);
        if (known === undefined) return fail('CARD_AUTHORITY_UNKNOWN');
        const about = `${known.name} · ${body.reason}`;
        const approved = await approve(tx, now, sender, { call, what: [id, body.reason], about });
        if (!approved.ok) return approved;
        const row = await tryRemoveAuthority(tx, now, id, sender.person);
        if (row === undefined) return fail('CARD_AUTHORITY_UNKNOWN');
        const detail = { authority: id, name: row.name, cards: row.cards, ...approved.value };
        const facts = { kind: 'card-authority.removed', outcome: 'success', reason: body.reason } as const;
        await record(tx, now, { ...by(sender, null), ...facts, detail });
        await tx.notify('changed', { what: 'card-authorities' });
        return succeed({ cards: row.cards });
      });
      if (removed.ok) await cards.authorities.refresh();
      return removed;
    },
  } satisfies Partial<Handlers>;
};

const fingerprintOf = (certificate: Buffer): string => createHash('sha256').update(certificate).digest('hex');

/** Exactly one certificate and nothing else, or it is not clear who is meant. */
const tryReadPem = (pem: string): CertificateFacts | undefined => {
  try {
    const [only, ...others] = PemConverter.decodeWithHeaders(pem);
    if (only?.type !== 'CERTIFICATE' || others.length > 0) return undefined;
    return tryReadCertificate(Buffer.from(only.rawData));
  } catch {
    return undefined;
  }
};

/** Undefined when it may be believed: an authority that signs certificates, or one card's own. */
const whyNot = (facts: CertificateFacts, now: Date): string | undefined => {
  const { certificate, publicKey } = facts;
  if (facts.notAfter <= now.getTime()) return 'expired';
  if (facts.isIssuer) return isStrong(facts) ? undefined : 'weak-key';
  if (!facts.namesItself || !facts.mayProve || !certificate.verify(publicKey)) return 'authority';
  if (facts.algorithm === undefined) return 'weak-key';
  return facts.isWeak ? 'weak-hash' : undefined;
};

const isStrong = ({ publicKey: { asymmetricKeyType: type, asymmetricKeyDetails: details } }: CertificateFacts) => {
  if (type === 'ec') return ['prime256v1', 'secp384r1', 'secp521r1'].includes(details?.namedCurve ?? '');
  return (type === 'rsa' || type === 'rsa-pss') && (details?.modulusLength ?? 0) >= 2_048;
};

const toAuthority = ({ id, name, certificate, cards, addedAt, addedBy }: ListedRow): CardAuthority => {
  const facts = tryReadCertificate(certificate);
  if (facts === undefined) throw new Error('a stored certificate is damaged');
  return {
    id,
    name,
    subject: facts.certificate.subject.replaceAll('\n', ', '),
    fingerprint: fingerprintOf(certificate),
    notBefore: new Date(facts.notBefore).toISOString(),
    notAfter: new Date(facts.notAfter).toISOString(),
    kind: facts.isIssuer ? 'issuer' : 'card',
    cards,
    addedAt: addedAt.toISOString(),
    addedBy,
  };
};
