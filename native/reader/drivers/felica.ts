import { askIdentifier, judgeIdentifier } from './contactless.ts';
import { type CardDriver, misread } from './driver.ts';

/** What readers poll for by themselves: the card's first system. */
const firstSystem = 'FFFF';

/** FeliCa by its IDm. The same card shows another IDm for another system, so the system asked for is part of the identifier. */
export const felica: CardDriver = {
  name: 'felica',
  claims: (atr) => atr.kind === 'storage' && atr.technology === 'felica',
  async identify(channel, settings) {
    if (settings.felicaSystemCode !== firstSystem) return misread('unreadable');
    const identified = judgeIdentifier('felica', await askIdentifier(channel));
    if (identified.kind !== 'card') return identified;
    return { kind: 'card', card: { ...identified.card, systemCode: firstSystem } };
  },
};
