import { iso14443a } from '../card/cards.ts';
import { becomeFirstAdmin, createClient, type Secrets, seedOf, totp } from '../client.ts';
import type { Ward } from '../guard/ward.ts';
import { until } from '../world.ts';
import { createSigner, type Signer } from './signer.ts';
import type { TerminalName } from './table.ts';
import type { Person } from './terminal.ts';

const names = ['看護 花子', '看護 太郎', '医師 さくら', '薬剤 次郎', '検査 三郎', '放射 四郎'] as const;

/** Staff numbers, cards and PINs of so many people. */
const means = (count: number): Omit<Person, 'id'>[] =>
  names.slice(0, count).map((name, index) => ({
    name,
    number: `10000${index + 1}`,
    card: iso14443a(`04A1B2C3D4E5${(0xa0 + index).toString(16).toUpperCase()}`),
    pin: `4071829${index}`,
  }));

interface Place {
  readonly origin: string;
  readonly authority: string;
  /** Ends the connections of the desk. */
  readonly hangUp: () => void;
}

const signer = (place: Place, client: ReturnType<typeof createClient>, secrets: Secrets): Signer =>
  createSigner({ ...place, client, secrets, patience: 6_000 });

/** The first admin, and an auditor whom they invite. */
export const signInDesk = async (place: Place, link: string): Promise<{ admin: Signer; auditor: Signer }> => {
  const client = createClient(place.origin, place.authority);
  const admin = signer(place, client, await becomeFirstAdmin(client, link));
  const number = '000002';
  const body = { number, name: '監査 五郎', kana: 'カンサ ゴロウ', roles: ['auditor' as const] };
  const { person } = await admin.must('people/add', { body });
  const { code } = await admin.must('people/invite', { params: { person: person.id } });
  const other = createClient(place.origin, place.authority);
  const { uri } = await other.do('console/open-invitation', { body: { code } });
  const seed = seedOf(uri);
  const password = 'eleven doors along a bright corridor';
  await other.do('console/accept-invitation', { body: { code, password, totp: totp(seed) } });
  return { admin, auditor: signer(place, other, { number, password, seed }) };
};

/** Announces the terminals, and has the people enrolled at them, half at each. */
export const admitPeople = async (
  admin: Signer,
  wards: Readonly<Record<TerminalName, Ward>>,
  count: number,
): Promise<Person[]> => {
  const all = Object.values(wards);
  await Promise.all(
    all.map(async (ward) => {
      const { code } = await admin.must('terminals/announce', { body: { name: ward.name, place: '3階東病棟' } });
      await ward.start(code);
      await until(`${ward.name} is ready`, () => ward.screen().shows('ready', 100), 30_000);
    }),
  );
  const people = means(count);
  const added = await Promise.all(
    people.map(async (person) => {
      const body = { number: person.number, name: person.name, kana: 'カナ', roles: ['clinician' as const] };
      return (await admin.must('people/add', { body })).person;
    }),
  );
  await Promise.all(
    all.map(async (ward, place) => {
      for (let index = place; index < people.length; index += all.length) {
        const [person, summary] = [people[index], added[index]];
        if (person !== undefined && summary !== undefined)
          await ward.enrol({ do: (name, call) => admin.must(name, call) }, summary, person);
      }
    }),
  );
  return people.map((person, index) => ({ ...person, id: added[index]?.id ?? '' }));
};
