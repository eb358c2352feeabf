import { type ScimOperation, scimUrns } from '#contract/api/scim.ts';
import { fail, type Result, succeed } from '#contract/errors.ts';
import { type Filter, parsePatchPath } from './filter.ts';
import { findAttribute, type Known, type ResourceKind } from './schema.ts';

/** One change of one attribute without parts, or of the members of a group. */
export interface Step {
  readonly act: 'add' | 'replace' | 'remove';
  /** Canonical path, see `schema.ts`. */
  readonly path: string;
  /** Of the values that it concerns; only with a path such as `members[…]`. */
  readonly filter: Filter | null;
  /** `undefined` where the operation had none. */
  readonly value: unknown;
}

type Problem =
  | 'REQUEST_INVALID'
  | 'SCIM_PATH_INVALID'
  | 'SCIM_TARGET_MISSING'
  | 'SCIM_READ_ONLY'
  | 'SCIM_VALUE_INVALID'
  | 'SCIM_FILTER_INVALID';
type Steps = Result<Step[], Problem>;

interface Wanted {
  readonly act: Step['act'];
  readonly path: string;
  readonly value: unknown;
  /** In a value without a path directories also send what the server sets (`id`): left aside there. */
  readonly named: boolean;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The operations of a PATCH in their order, cut into steps that need no further look at paths. */
export const planOperations = (resource: ResourceKind, operations: readonly ScimOperation[]): Steps =>
  gather(operations.map((operation) => () => planOne(resource, operation)));

const planOne = (resource: ResourceKind, { op, path, value }: ScimOperation): Steps => {
  const act = op.toLowerCase();
  if (act !== 'add' && act !== 'replace' && act !== 'remove') {
    return fail('REQUEST_INVALID', { problems: [{ path: 'body.Operations.op', rule: 'invalid_value' }] });
  }
  if (act !== 'remove' && value === undefined) return fail('SCIM_VALUE_INVALID');
  if (path !== undefined && path !== '') return planPath(resource, { act, path, value, named: true });
  if (act === 'remove') return fail('SCIM_TARGET_MISSING');
  if (!isObject(value)) return fail('SCIM_VALUE_INVALID');
  return planMembers(resource, act, value, true);
};

/**
 * Each member of a value without a path is a path of its own, also with dots and brackets. `outermost`: only there the
 * schema's own name may stand around the members, so that no depth of it is followed.
 */
const planMembers = (
  resource: ResourceKind,
  act: Step['act'],
  value: Record<string, unknown>,
  outermost: boolean,
): Steps =>
  gather(
    Object.entries(value).map(([path, inner]) => () => {
      const own = resource === 'User' ? scimUrns.user : scimUrns.group;
      const wraps = outermost && path.toLowerCase() === own.toLowerCase() && isObject(inner);
      if (wraps) return planMembers(resource, act, inner, false);
      return planPath(resource, { act, path, value: inner, named: false });
    }),
  );

const planPath = (resource: ResourceKind, wanted: Wanted): Steps => {
  const parsed = parsePatchPath(wanted.path);
  if (!parsed.ok) return parsed;
  const { path, filter = null, sub } = parsed.value;
  const whole = findAttribute(resource, path);
  if (whole.kind === 'left-aside') return succeed([]);
  if (whole.kind === 'unknown' || (filter !== null && whole.attribute.multiValued !== true)) {
    return fail('SCIM_PATH_INVALID');
  }
  const found = sub === undefined ? whole : findAttribute(resource, `${path}.${sub}`);
  if (found.kind !== 'known') return fail('SCIM_PATH_INVALID');
  return planKnown(resource, found, filter, wanted);
};

const planKnown = (
  resource: ResourceKind,
  { path, attribute }: Known,
  filter: Filter | null,
  wanted: Wanted,
): Steps => {
  const { act, value, named } = wanted;
  if (attribute.mutability === 'readOnly') return named ? fail('SCIM_READ_ONLY') : succeed([]);
  // A member is there or not; nothing of it is changed.
  if (attribute.mutability === 'immutable') return fail('SCIM_READ_ONLY');
  if (attribute.type !== 'complex' || attribute.multiValued === true) return succeed([{ act, path, filter, value }]);
  const join = path === scimUrns.staff ? ':' : '.';
  if (act === 'remove' || value === null) {
    const parts = attribute.subAttributes ?? [];
    return succeed(
      parts.map(({ name }) => ({
        act: 'remove' as const,
        path: `${path}${join}${name}`,
        filter: null,
        value: undefined,
      })),
    );
  }
  if (!isObject(value)) return fail('SCIM_VALUE_INVALID');
  return gather(
    Object.entries(value).map(
      ([name, inner]) =>
        () =>
          planPath(resource, { act, path: `${path}${join}${name}`, value: inner, named: false }),
    ),
  );
};

/** The first problem, or all steps. */
const gather = (plans: readonly (() => Steps)[]): Steps => {
  const steps: Step[] = [];
  for (const plan of plans) {
    const planned = plan();
    if (!planned.ok) return planned;
    for (const step of planned.value) steps.push(step);
  }
  return succeed(steps);
};
