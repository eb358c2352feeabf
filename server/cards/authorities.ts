import type { CardAuthorityId } from '#contract/ids.ts';
import { listCertificates } from '../store/card-authorities.ts';
import type { Database } from '../store/database.ts';
import { type CertificateFacts, tryReadCertificate } from './certificate.ts';

export interface ListedAuthority {
  readonly id: CardAuthorityId;
  readonly facts: CertificateFacts;
}

/** The list of card authorities as this server process knows it. Whether one is still on it, the database says at each tap. */
export interface Authorities {
  listed(): readonly ListedAuthority[];
  /** Whether cards are asked for proofs at all. */
  isAny(): boolean;
  /** Looks what is on the list by now. */
  refresh(): Promise<void>;
  /** Called when cards begin or cease to be asked for proofs. */
  onChange(changed: () => void): void;
  close(): Promise<void>;
}

export const createAuthorities = async (deps: {
  readonly database: Database;
  readonly report: (problem: unknown) => void;
}): Promise<Authorities> => {
  const { database, report } = deps;
  const changes: (() => void)[] = [];
  const load = async (): Promise<ListedAuthority[]> =>
    (await listCertificates(database)).flatMap(({ id, certificate }) => {
      const facts = tryReadCertificate(certificate);
      return facts === undefined ? [] : [{ id, facts }];
    });
  let listed = await load();

  const refresh = async (): Promise<void> => {
    const next = await load();
    const isOther = next.length > 0 !== listed.length > 0;
    listed = next;
    if (isOther) for (const changed of changes) changed();
  };
  const refreshSoon = (): void => void refresh().catch(report);
  const stop = await database.listen(
    'changed',
    (payload) => {
      if ((payload as { what?: string }).what === 'card-authorities') refreshSoon();
    },
    refreshSoon,
  );
  return {
    listed: () => listed,
    isAny: () => listed.length > 0,
    refresh,
    onChange: (changed) => void changes.push(changed),
    close: stop,
  };
};
