import { z } from 'zod';
import { storedEvent } from '../audit.ts';
import { eventId, instant } from '../ids.ts';
import { logFilter } from './log-filter.ts';
import { table } from './row.ts';

/** From when on and until before when the log is shown; `null`: no limit. */
const range = z.strictObject({ begins: instant.nullable(), ends: instant.nullable() });

export const events = table({
  'events/list': {
    method: 'GET',
    path: '/v1/events',
    sender: ['helpdesk', 'admin', 'auditor'],
    event: 'log.viewed',
    failures: [],
    summary: 'The log, newest first.',
    query: logFilter.extend({
      before: eventId.optional(),
      /** `story`: without the receipts of revocations and the looks at the log, of which there may be many. */
      shows: z.enum(['everything', 'story']).default('everything'),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
    answer: z.strictObject({ events: z.array(storedEvent), range }),
  },
  'events/export': {
    method: 'GET',
    path: '/v1/events/export',
    sender: ['admin', 'auditor'],
    event: 'log.excerpt-exported',
    failures: [],
    summary:
      'What the log shows by a filter, to be saved as a file, page by page, newest first. The event, which names the filter, is written with the first page; the later ones name it and where the page before ended.',
    query: logFilter.extend({
      format: z.enum(['csv', 'jsonl']),
      /** Of pages after the first: `exported` and `next` of the page before. */
      exported: eventId.optional(),
      before: eventId.optional(),
    }),
    answer: z.strictObject({ events: z.array(storedEvent), exported: eventId, next: eventId.nullable() }),
  },
  'refusals/explain': {
    method: 'GET',
    path: '/v1/refusals/:code',
    sender: ['helpdesk', 'admin', 'auditor'],
    event: 'log.viewed',
    failures: ['SUPPORT_CODE_UNKNOWN'],
    summary: 'What a support code of a lock screen stands for, and the event that led to it.',
    params: z.strictObject({ code: z.string().min(1).max(20) }),
    answer: z.strictObject({
      event: storedEvent,
      /** Such as the loss that suspended the card; `null` where the refusal says it all. */
      cause: storedEvent.nullable(),
    }),
  },
});
