import { fail } from '#contract/errors.ts';

/** `after` that is no end of a page of this very list. */
export const refuseCursor = () => fail('REQUEST_INVALID', { problems: [{ path: 'query.after', rule: 'cursor' }] });
