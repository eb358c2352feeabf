import { randomBytes } from 'node:crypto';
import type { CardEvidence } from '#contract/card.ts';
import { hashSecret, makeTotpSeed, sealSeed } from '#server/credentials.ts';
import { createUuid } from '#server/store/uuid.ts';
import type { ServerAlone } from './server-alone.ts';

export const pin = '83106274';

/** A person as those use them who log in: what lies on the reader, and what the authenticator holds (base32). */
export interface Holder {
  readonly card: CardEvidence;
  readonly seed: string;
}

/** People with a card, a PIN (the same for all, hashed once) and an authenticator each. */
export async function admitPeople({ database, secrets }: ServerAlone, count: number): Promise<Holder[]> {
  const now = new Date();
  const hashed = await hashSecret(secrets, pin);
  const people = Array.from({ length: count }, () => {
    const person = createUuid(now);
    const seed = makeTotpSeed();
    const card: CardEvidence = {
      technology: 'felica',
      systemCode: '8008',
      identifier: `0114${randomBytes(6).toString('hex').toUpperCase()}`,
      assurance: 'identifier',
    };
    return {
      person,
      seed,
      card,
      card_id: createUuid(now),
      blind_index: secrets.cardIndexes(card)[0].toString('hex'),
      pin_id: createUuid(now),
      totp_id: createUuid(now),
      pin: hashed,
      totp: sealSeed(secrets, seed, person),
    };
  });
  const from = `from jsonb_to_recordset($1::jsonb) as r(person uuid, card_id uuid, blind_index text,
    pin_id uuid, totp_id uuid, pin jsonb, totp jsonb)`;
  const given = [JSON.stringify(people), now];
  await database.transaction(async (tx) => {
    await tx.query(
      `insert into person (id, number, name, roles, created_at, changed_at)
       select person, person, '山田 花子', '{clinician}', $2, $2 ${from}`,
      given,
    );
    await tx.query(
      `insert into card (id, person, blind_index, technology, assurance, ending, enrolled_at)
       select card_id, person, decode(blind_index, 'hex'), 'felica', 'identifier', '0000', $2 ${from}`,
      given,
    );
    await tx.query(
      `insert into credential (id, person, kind, secret, set_at)
       select pin_id, person, 'pin', pin, $2::timestamptz ${from}
       union all select totp_id, person, 'totp', totp, $2::timestamptz ${from}`,
      given,
    );
  });
  // A table that was just filled is planned for as if it were empty.
  await database.query('analyze');
  return people.map(({ card, seed }) => ({ card, seed }));
}
