import { type Bounds, checkAdmission } from './admission.ts';
import { type Findings, listOf, type Violation } from './findings.ts';
import { checkPromises } from './promises.ts';

/** I3: the log verifies, or says where not; and what was spoilt on a terminal's disk was noticed. */
const checkLog = (findings: Findings): Violation[] => {
  const { events, terminals, verified } = findings;
  const unnoticed = listOf(findings, 'spoilt').filter(
    ({ at, noticed, terminal }) =>
      noticed !== null &&
      !events.some(
        (event) => event.kind === noticed && event.terminal === terminals[terminal] && Date.parse(event.at) >= at,
      ),
  );
  const silent = listOf(findings, 'restored').filter(
    ({ from, noticed }) =>
      noticed !== null && !events.some((event) => event.kind === noticed && Date.parse(event.at) >= from),
  );
  return [
    ...(verified.ok ? [] : [{ invariant: 'I3', what: `the log does not verify: ${verified.said}` } as const]),
    ...unnoticed.map(
      ({ terminal, noticed, at }) =>
        ({
          invariant: 'I3',
          what: `what was spoilt at ${terminal} at ${new Date(at).toISOString()} led to no ${noticed}`,
        }) as const,
    ),
    ...silent.map(
      ({ at, noticed }) =>
        ({
          invariant: 'I3',
          what: `the database was put back at ${new Date(at).toISOString()} without ${noticed}`,
        }) as const,
    ),
  ];
};

/** I4: recovery needs no hand. */
const checkRecovery = ({ recovered }: Findings): Violation[] =>
  Object.entries(recovered).flatMap(([who, after]) =>
    after === null ? [{ invariant: 'I4', what: `${who} did not work again after the last fault` } as const] : [],
  );

/** Everything that is not as it was promised. */
export const check = (findings: Findings, bounds: Bounds): Violation[] => [
  ...checkPromises(findings),
  ...checkAdmission(findings, bounds),
  ...checkLog(findings),
  ...checkRecovery(findings),
];
