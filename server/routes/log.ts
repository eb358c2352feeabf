import { fail, succeed } from '#contract/errors.ts';
import { toBase64 } from '#core/audit/base64.ts';
import { tryParseCheckpoint, tryParseNote } from '#core/audit/checkpoint.ts';
import type { ServerDeps } from '../deps.ts';
import { readHeader, readPage } from '../log-tree/export.ts';
import { compare, proveGrowth, proveLine, readLogKeys } from '../log-tree/proofs.ts';
import { record } from '../store/events.ts';
import { tryFindSeq } from '../store/log.ts';
import { countLines, settledSeq } from '../store/log-lines.ts';
import { findEnd, findNewest, holdStill } from '../store/log-tree.ts';
import { isExporting } from '../store/log-viewing.ts';
import type { Handlers } from './handlers.ts';

export interface LogRouteDeps extends ServerDeps {
  readonly halted: () => string | null;
}

/** Lines of one page of an export. */
const pageLines = 2000;

export const createLogRoutes = ({ database, now, halted }: LogRouteDeps) =>
  ({
    'log/show': async () =>
      database.transaction(async (tx) => {
        await holdStill(tx);
        const newest = await findNewest(tx);
        const { lastSeq } = await findEnd(tx);
        const waiting = await countLines(tx, lastSeq, await settledSeq(tx));
        return succeed({ checkpoint: newest?.note ?? null, halted: halted(), waiting, ...(await readLogKeys(tx)) });
      }),

    'log/prove-event': async ({ params }) =>
      database.transaction(async (tx) => {
        await holdStill(tx);
        const seq = await tryFindSeq(tx, params.event);
        if (seq === undefined) return fail('EVENT_UNKNOWN');
        const proved = await proveLine(tx, seq);
        return proved === undefined ? fail('EVENT_NOT_PLACED') : succeed(proved);
      }),

    'log/prove-growth': async ({ query }) =>
      database.transaction(async (tx) => {
        await holdStill(tx);
        const proved = await proveGrowth(tx, query.from, query.to);
        if (proved === undefined) return fail('LOG_SIZE_UNKNOWN');
        const { proof, fromRoot, toRoot } = proved;
        return succeed({ proof: proof.map(toBase64), fromRoot: toBase64(fromRoot), toRoot: toBase64(toRoot) });
      }),

    'log/compare': async ({ body }) =>
      database.transaction(async (tx) => {
        await holdStill(tx);
        const kept = tryParseCheckpoint(tryParseNote(body.checkpoint)?.text ?? '');
        if (kept === undefined) return fail('CHECKPOINT_UNREADABLE');
        const compared = await compare(tx, body.checkpoint, kept);
        return compared === undefined ? fail('LOG_SIZE_UNKNOWN') : succeed(compared);
      }),

    'log/export': async ({ query }, { person, terminal }) =>
      database.transaction(async (tx) => {
        await holdStill(tx);
        const newest = (await findNewest(tx))?.size ?? 0;
        const { from, next, size = newest } = query;
        const begin = next ?? from;
        if (newest === 0 || from >= size || size > newest || begin < from || begin >= size)
          return fail('LOG_SIZE_UNKNOWN');
        const end = Math.min(size, begin + pageLines);
        const head = next === undefined ? await readHeader(tx, from, size) : '';
        // Whoever asks for a later page has asked for the first one, or it is a beginning of its own.
        if (next === undefined || !(await isExporting(tx, now(), person, { begin, end })))
          await record(tx, now(), {
            kind: 'log.exported',
            outcome: 'success',
            actor: person,
            terminal,
            detail: { from, size },
          });
        return succeed({ text: `${head}${await readPage(tx, begin, end)}`, next: end === size ? null : end, size });
      }),

    'log/witness': async ({ query }) =>
      database.transaction(async (tx) => {
        await holdStill(tx);
        const newest = await findNewest(tx);
        const about = { checkpoint: newest?.note ?? null, at: now().toISOString(), ...(await readLogKeys(tx)) };
        if (newest === undefined || query.size === 0) return succeed({ ...about, proof: [] });
        const proved = await proveGrowth(tx, query.size, newest.size);
        // A terminal that has seen more is told what there is; what it makes of that is its own.
        return succeed({ ...about, proof: proved?.proof.map(toBase64) ?? [] });
      }),
  }) satisfies Partial<Handlers>;
