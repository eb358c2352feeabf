import { contactless } from './contactless.ts';
import type { CardDriver } from './driver.ts';
import { felica } from './felica.ts';
import { piv } from './piv.ts';

/** Asked in this order: of those that claim the card the first that knows it identifies it. */
export const drivers: readonly CardDriver[] = [felica, piv, contactless];
