import type { z } from 'zod';

type Parsed<Schema extends z.ZodType> = ReturnType<Schema['safeParse']>;

/** A copy without the members that these issues name. */
const withoutUnknown = (value: unknown, issues: readonly z.core.$ZodIssueUnrecognizedKeys[]): unknown => {
  const copy: unknown = structuredClone(value);
  for (const { path, keys } of issues) {
    let place = copy as Record<PropertyKey, unknown>;
    for (const step of path) place = place[step] as Record<PropertyKey, unknown>;
    for (const key of keys) delete place[key];
  }
  return copy;
};

const isUnknownMember = (issue: z.core.$ZodIssue): issue is z.core.$ZodIssueUnrecognizedKeys =>
  issue.code === 'unrecognized_keys';

/**
 * Parses what a server says. One of a later version may say more than this guard knows: members that the schema does not
 * name are left out, so that servers are brought up to date before terminals. Anything else that does not fit is refused.
 */
export const parseFromServer = <Schema extends z.ZodType>(schema: Schema, said: unknown): Parsed<Schema> => {
  const parsed = schema.safeParse(said);
  if (parsed.success || !parsed.error.issues.every(isUnknownMember)) return parsed as Parsed<Schema>;
  return schema.safeParse(withoutUnknown(said, parsed.error.issues.filter(isUnknownMember))) as Parsed<Schema>;
};
