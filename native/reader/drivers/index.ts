import { contactless } from './contactless.ts';
import type { CardDriver } from './driver.ts';
import { felica } from './felica.ts';

/** Asked in this order; the first that claims the card identifies it. */
export const drivers: readonly CardDriver[] = [felica, contactless];
