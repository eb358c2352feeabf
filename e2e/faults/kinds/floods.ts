/** More than anybody asks for who means well. */
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { hashOf } from '../journal.ts';
import type { Fault } from './fault.ts';

/** So many requests at once. */
const width = 60;

/** A terminal that went mad: cards that nobody knows, as fast as they are answered. */
export const tapFlood: Fault = ({ site, server }) => {
  let over = false;
  const tap = async (): Promise<void> => {
    while (!over) {
      const identifier = `0114${randomBytes(6).toString('hex').toUpperCase()}`;
      const card = { technology: 'felica', systemCode: '8008', identifier, assurance: 'identifier' };
      await site.strangers[server]
        .post('/v1/attempts', { lock: randomUUID(), card, purpose: 'login' })
        .catch(() => undefined);
    }
  };
  const all = Promise.all(Array.from({ length: width }, tap));
  return async () => {
    over = true;
    await all;
  };
};

const perReport = 500;
const reports = 3;

/** A journal of three days without the server, written by nothing of the product. */
const writeJournal = (epoch: string): object[] => {
  let previous = '0'.repeat(64);
  return Array.from({ length: perReport * reports }, (_, place) => {
    const at = new Date(Date.now() - 3 * 86_400_000 + place * 1_000).toISOString();
    const facts = { kind: 'link.lost', outcome: 'minor', factors: [], reason: 'unreachable', detail: { place } };
    const unsealed = { epoch, sequence: place + 1, previous, at, facts };
    previous = hashOf(unsealed);
    return { ...unsealed, hash: previous };
  });
};

/** Each report is sent until it is answered; what is not answered by the end is given up. */
export const backlogBrought: Fault = ({ site, server }) => {
  let over = false;
  const epoch = randomUUID();
  const journal = writeJournal(epoch);
  const { id, post } = site.strangers[server];
  const bring = async (): Promise<void> => {
    for (let end = perReport; end <= journal.length && !over; ) {
      const records = journal.slice(end - perReport, end);
      const answer = await post('/v1/terminals/report', { records }).catch(() => undefined);
      if (answer?.status === 200) {
        site.account.write({ kind: 'brought', terminal: id, epoch, upTo: end });
        end += perReport;
      } else await delay(200);
    }
  };
  const all = bring();
  return async () => {
    over = true;
    await all;
  };
};
