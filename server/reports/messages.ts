import type { Policy } from '#contract/policy.ts';
import type { ReportOutcome, SentBody } from './report-store.ts';

/** What the thread that stores reports is given when it starts. */
export interface ReportThreadData {
  readonly connectionString: string;
}

/** What it is told. `ask` counts what it is to store. */
export type ToReportThread =
  | { readonly ask: number; readonly sent: SentBody }
  /** In force from now on: told before the first report. */
  | { readonly policy: Policy }
  /** Whether the database cannot be reached. */
  | { readonly away: boolean }
  /** It answers what it was asked before, and ends. */
  | { readonly close: true };

/** What it answers. `away`: why the database did not do it. `bug`: what it threw, with its stack. */
export type FromReportThread =
  | { readonly ask: number; readonly outcome: ReportOutcome }
  | { readonly ask: number; readonly away: string }
  | { readonly ask: number; readonly bug: string }
  /** A connection was lost. */
  | { readonly lost: string };
