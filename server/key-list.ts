import { X509Certificate } from 'node:crypto';
import { type KeyPurpose, keyPurposes } from '#contract/api/keys.ts';
import { describeUses, type KeyCommandDeps, list, listBehind, listUninformed, readRings } from './key-commands.ts';
import { type KeyRings, ringFor, type StoredKey, stateOf } from './key-ring.ts';
import { listHolders } from './store/key-holders.ts';
import { countKeyUse, type KeyUse } from './store/key-use.ts';
import { listSignedBy } from './store/terminals.ts';

const states = { waits: 'waits', 'in-use': 'in use', old: 'old' } as const;
const dayOf = (at: string | undefined): string => at?.slice(0, 10) ?? '-';

const lineOf = (rings: KeyRings, purpose: KeyPurpose, key: StoredKey, uses: readonly KeyUse[]): string => {
  const state = states[stateOf(ringFor(rings, purpose), key)];
  const columns = [purpose.padEnd(11), String(key.id).padStart(3), state.padEnd(7), `made ${dayOf(key.madeAt)}`];
  const authority = rings.ca?.find((one) => purpose === 'ca' && one.id === key.id);
  if (authority !== undefined) {
    const { subject, validToDate } = new X509Certificate(authority.certificate);
    columns.push(`${subject.replace(/^CN=/, '')}, ends ${dayOf(validToDate.toISOString())}`);
  }
  return [...columns, describeUses(uses, purpose, key.id)].filter((column) => column !== '').join('  ');
};

/** Says which keys there are, what hangs on each, and who does not hold or know them yet. */
export const listKeys = async (deps: KeyCommandDeps): Promise<void> => {
  const { database, say } = deps;
  const rings = readRings(deps);
  const uses = await countKeyUse(database);
  for (const purpose of keyPurposes) {
    for (const key of ringFor(rings, purpose)) say(lineOf(rings, purpose, key, uses));
  }
  for (const authority of rings.ca ?? []) {
    if (stateOf(rings.ca ?? [], authority) !== 'old') continue;
    const names = await listSignedBy(database, authority.id);
    if (names.length > 0) say(`terminals with a certificate of authority ${authority.id}: ${list(names)}`);
  }
  const behind = await listBehind(deps);
  const holders = await listHolders(database);
  if (holders.length === 0) say('no process of the server runs');
  for (const { host } of holders) say(`${host} ${behind.includes(host) ? 'does not hold' : 'holds'} these keys`);
  const uninformed = await listUninformed(deps);
  if (uninformed.length > 0) {
    say(`connected terminals that do not know these authorities and grant keys yet: ${list(uninformed)}`);
  }
};
