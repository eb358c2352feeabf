import { isUtf8 } from 'node:buffer';
import type { z } from 'zod';
import type { api } from '#contract/api/index.ts';
import { isPlainReport } from '#contract/api/plain-report.ts';
import type { TerminalId } from '#contract/ids.ts';
import type { Policy } from '#contract/policy.ts';
import { createBatch } from '../batch.ts';
import { createFollowReports } from '../follow-reports.ts';
import type { Lane } from '../store/database.ts';
import type { Report } from '../store/report-facts.ts';
import { type Stored, storeReports, type Unstored } from '../store/reports.ts';
import { isSignedBy, textOfReport } from '../terminal-signature.ts';

export type ReportBody = z.output<(typeof api)['terminals/report']['body']>;

/** What a terminal sent. */
export interface SentBody {
  readonly terminal: TerminalId;
  /** Of the certificate that it came with (DER, SubjectPublicKeyInfo). */
  readonly publicKey: Buffer;
  /** JSON as it came; or as the schema of a report has it, where it is none that is plain. */
  readonly body: Uint8Array | ReportBody;
}

/** `unread` of bytes: no plain report, which may be one by its schema. `foreign`: another key than the terminal's signed it. */
export type ReportOutcome =
  | ({ readonly kind: 'stored' } & Pick<Stored, 'epoch' | 'sequence' | 'added' | 'rewritten'>)
  | { readonly kind: Unstored }
  | { readonly kind: 'foreign'; readonly records: number };

/** Stores what terminals send, each record once, and does what follows from it. Throws `DatabaseAway`. */
export interface ReportStore {
  store(sent: SentBody): Promise<ReportOutcome>;
}

export interface ReportStoreDeps {
  readonly lane: Pick<Lane, 'transaction'>;
  readonly now: () => Date;
  readonly policy: () => Policy;
}

/** What JSON's own reader makes of it; undefined where it is none. Names such as `__proto__` are not refused. */
const tryReadJson = (body: Buffer): unknown => {
  try {
    return isUtf8(body) ? JSON.parse(body.toString()) : undefined;
  } catch {
    return undefined;
  }
};

/** Reading by JSON's own reader, and looking whether it is plain, costs half of what the schema's way does. */
const tryRead = ({ body }: SentBody): ReportBody | undefined => {
  if (!(body instanceof Uint8Array)) return body;
  const plain = tryReadJson(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
  return isPlainReport(plain) ? (plain as ReportBody) : undefined;
};

/** Transactions under way at once, and reports of one: what comes from several terminals at the same time goes together. */
const lanes = 2;
const largest = 8;

export const createReportStore = ({ lane, now, policy }: ReportStoreDeps): ReportStore => {
  const follow = createFollowReports({ now, policy });
  const reports = createBatch<SentBody, ReportOutcome>({
    run: async (given) => {
      /** How many records a report had whose signature is another's. */
      const foreign = new Map<TerminalId, number>();
      const read = (sent: SentBody): Report | null => {
        foreign.delete(sent.terminal);
        const body = tryRead(sent);
        if (body === undefined) return null;
        const { records, incarnation, after, signature } = body;
        const report = { terminal: sent.terminal, records, incarnation, after };
        if (signature === undefined) return report;
        if (isSignedBy(sent.publicKey, textOfReport(records), signature))
          return { ...report, vouched: { signature, key: sent.publicKey } };
        foreign.set(sent.terminal, records.length);
        return null;
      };
      const stored = await lane.transaction(async (tx) => {
        const done = await storeReports(
          tx,
          now(),
          given.map((sent) => ({ terminal: sent.terminal, read: () => read(sent) })),
        );
        const told = given.flatMap(({ terminal }, place) => {
          const one = done[place];
          return one === undefined || typeof one === 'string' ? [] : [{ terminal, stored: one }];
        });
        await follow(tx, told);
        return done;
      });
      return given.map(({ terminal }, place): ReportOutcome => {
        const one = stored[place] ?? 'restored';
        const records = foreign.get(terminal);
        if (records !== undefined) return { kind: 'foreign', records };
        if (typeof one === 'string') return { kind: one };
        const { epoch, sequence, added, rewritten } = one;
        return { kind: 'stored', epoch, sequence, added, rewritten };
      });
    },
    keysOf: ({ terminal }) => [terminal],
    lanes,
    largest,
  });
  return { store: reports.add };
};
