/** Something that a person can act on: shown without a stack trace. */
export class Problem extends Error {}
