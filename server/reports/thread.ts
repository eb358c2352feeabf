import { parentPort, workerData } from 'node:worker_threads';
import type { TerminalId } from '#contract/ids.ts';
import type { Policy } from '#contract/policy.ts';
import { freeBytes } from '../free-bytes.ts';
import { describeBug } from '../log.ts';
import { DatabaseAway, openReportLane } from '../store/database.ts';
import type { FromReportThread, ReportThreadData, ToReportThread } from './messages.ts';
import { createReportStore, type SentBody } from './report-store.ts';

/** Started by `startReportThreads` alone. */
const port = parentPort;
if (port === null) throw new Error('this is a thread of the server and no program');
const { connectionString } = workerData as ReportThreadData;

const say = (message: FromReportThread): void => port.postMessage(message);
const lane = openReportLane({ connectionString, report: (problem) => say({ lost: describeBug(problem) }) });
let policy: Policy | undefined;
const reports = createReportStore({
  lane,
  now: () => new Date(),
  policy: () => {
    if (policy === undefined) throw new Error('a report came before the policy');
    return policy;
  },
});

/** One object for one key: whoever reads keys remembers them by it. */
const keys = new Map<TerminalId, Buffer>();
const keyOf = (terminal: TerminalId, given: Uint8Array): Buffer => {
  const known = keys.get(terminal);
  if (known?.equals(given) === true) return known;
  const key = Buffer.from(given);
  keys.set(terminal, key);
  return key;
};

const answer = async (ask: number, sent: SentBody): Promise<void> => {
  try {
    const publicKey = keyOf(sent.terminal, sent.publicKey);
    say({ ask, outcome: await reports.store({ ...sent, publicKey }) });
  } catch (problem) {
    say(problem instanceof DatabaseAway ? { ask, away: problem.message } : { ask, bug: describeBug(problem) });
  }
  if (sent.body instanceof Uint8Array) freeBytes(sent.body);
};

const underWay = new Set<Promise<void>>();
port.on('message', (message: ToReportThread) => {
  if ('policy' in message) policy = message.policy;
  else if ('away' in message) lane.setAway(message.away);
  else if ('ask' in message) {
    const done = answer(message.ask, message.sent).finally(() => underWay.delete(done));
    underWay.add(done);
  } else
    void Promise.all(underWay)
      .then(lane.close)
      .then(() => port.close());
});
