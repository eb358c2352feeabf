import type { NoteKey } from '#core/audit/checkpoint.ts';
import {
  type EventVerdict,
  type GrowthVerdict,
  type ProofDeps,
  verifyEventProof,
  verifyGrowthProof,
} from '#core/audit/verify-proof.ts';
import { checkEd25519, fastHashes } from './hashes.ts';

/** What comes of a proof in a file: lines to be read, and who has signed it where it holds. */
export interface ToldProof {
  readonly lines: readonly string[];
  readonly signer: NoteKey | undefined;
}

const eventFaults: Readonly<Record<Extract<EventVerdict, { ok: false }>['fault'], string>> = {
  unreadable: 'it is not written as a proof of an event is',
  signature: 'the checkpoint is not signed by a key that is believed',
  changed: 'the line is not the one that was hashed',
  root: 'the log that was signed has another line in this position',
};

const growthFaults: Readonly<Record<Extract<GrowthVerdict, { ok: false }>['fault'], string>> = {
  unreadable: 'it is not written as a proof of growth is',
  signature: 'the later checkpoint is not signed by a key that is believed',
  'kept-key': 'the checkpoint that was kept is not signed by a key that is believed',
  'kept-signature': 'the checkpoint that was kept is not as it was signed',
  larger: 'the checkpoint that was kept has more lines than the log of the later one',
  root: 'the log does not begin with the lines of the checkpoint that was kept',
};

/** With what a terminal would take for a command, or for writing in the other direction, spelt out. */
const spelt = (line: string): string =>
  line.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`);

const tellEvent = (verdict: EventVerdict): readonly string[] => {
  if (!verdict.ok) return [`NOT VERIFIED: ${eventFaults[verdict.fault]}.`];
  const { checkpoint, position, line } = verdict;
  return [
    `Verified: the log of ${checkpoint.size} lines, signed ${checkpoint.at}, holds this line at position ${position}:`,
    spelt(line),
  ];
};

const tellGrowth = (verdict: GrowthVerdict): readonly string[] => {
  if (!verdict.ok) return [`NOT VERIFIED: ${growthFaults[verdict.fault]}.`];
  const { checkpoint, kept } = verdict;
  return [
    `Verified: the log of ${kept.size} lines, signed ${kept.at}, is the beginning of that of ${checkpoint.size} lines, signed ${checkpoint.at}.`,
    ...(kept.origin === checkpoint.origin ? [] : ['In between the server began anew as another incarnation.']),
  ];
};

const tryParse = (text: string): { readonly kazasu?: unknown } | null => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** Undefined where the text is no proof, an export among others: that is a value of JSON on each line. */
export const tryTellProof = (text: string, believed: readonly NoteKey[]): ToldProof | undefined => {
  const file = tryParse(text);
  const deps: ProofDeps = { hashes: fastHashes, check: checkEd25519, believed };
  if (file?.kazasu === 'event-proof') {
    const verdict = verifyEventProof(file, deps);
    return { lines: tellEvent(verdict), signer: verdict.ok ? verdict.signer : undefined };
  }
  if (file?.kazasu === 'growth-proof') {
    const verdict = verifyGrowthProof(file, deps);
    return { lines: tellGrowth(verdict), signer: verdict.ok ? verdict.signer : undefined };
  }
  return undefined;
};
