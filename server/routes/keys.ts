import { X509Certificate } from 'node:crypto';
import { type KeysShown, keyPurposes } from '#contract/api/keys.ts';
import { succeed } from '#contract/errors.ts';
import type { ServerDeps } from '../deps.ts';
import { ringFor, stateOf } from '../key-ring.ts';
import { listHolders } from '../store/key-holders.ts';
import { countKeyUse, rowsOf } from '../store/key-use.ts';
import { countCertificates, listUnaware } from '../store/terminals.ts';
import { fingerprintOf } from '../tls/authorities.ts';
import type { KeyAndCertificate } from '../tls/authority.ts';
import type { Handlers } from './handlers.ts';

export interface KeysDeps extends ServerDeps {
  /** The certificate that new connections see. */
  readonly shown: () => KeyAndCertificate;
}

const namesOf = (certificate: X509Certificate): string[] =>
  (certificate.subjectAltName ?? '').split(', ').map((name) => name.replace(/^(DNS|IP Address):/, ''));

/** What a person may see of the keys: never a key. */
export const createKeysRoutes = ({ database, keys, now, shown }: KeysDeps) =>
  ({
    'keys/show': async () => {
      const rings = keys.rings();
      const uses = await countKeyUse(database);
      const unaware = await listUnaware(database, now(), keys.trust().trustVersion);
      const own = new X509Certificate(shown().certificate);
      const holders = await listHolders(database);
      const answer: KeysShown = {
        keys: keyPurposes.flatMap((purpose) =>
          ringFor(rings, purpose).map((key) => ({
            purpose,
            id: key.id,
            state: stateOf(ringFor(rings, purpose), key),
            madeAt: key.madeAt ?? null,
            usedFrom: key.usedFrom ?? null,
            hanging: rowsOf(uses, purpose, key.id),
          })),
        ),
        authorities: (rings.ca ?? []).map((authority) => {
          const certificate = new X509Certificate(authority.certificate);
          return {
            id: authority.id,
            state: stateOf(rings.ca ?? [], authority),
            name: certificate.subject.replace(/^CN=/, ''),
            fingerprint: fingerprintOf(authority.certificate),
            endsAt: certificate.validToDate.toISOString(),
          };
        }),
        server: { endsAt: own.validToDate.toISOString(), names: namesOf(own) },
        terminals: { ...(await countCertificates(database, now())), unaware: unaware.length },
        processes: holders.map(({ host, startedAt, version }) => ({
          host,
          startedAt: startedAt.toISOString(),
          holdsNewest: version === keys.version(),
        })),
      };
      return succeed(answer);
    },
  }) satisfies Partial<Handlers>;
