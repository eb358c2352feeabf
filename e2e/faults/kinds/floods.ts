/** More than anybody asks for who means well. */
import { randomBytes, randomUUID } from 'node:crypto';
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
