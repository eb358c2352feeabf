/** Attributes of messages as their schemas spell them (RFC 7644 3.4.3 and 3.5.2). */
const ofMessage = new Map(
  'schemas Operations startIndex count filter sortBy sortOrder attributes excludedAttributes'
    .split(' ')
    .map((name) => [name.toLowerCase(), name]),
);
const ofOperation = new Map(['op', 'path', 'value'].map((name) => [name, name]));

const spell = (given: unknown, names: ReadonlyMap<string, string>): unknown => {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given;
  const entries = Object.entries(given).map(([name, value]): [string, unknown] => {
    const spelt = names.get(name.toLowerCase()) ?? name;
    // What is there in its own spelling counts.
    return [Object.hasOwn(given, spelt) ? name : spelt, value];
  });
  return Object.fromEntries(entries);
};

/** A body with the spelling that the contract knows: names of attributes are compared without regard to case (RFC 7643 2.1). */
export const spellMessage = (body: unknown): unknown => {
  const message = spell(body, ofMessage);
  if (typeof message !== 'object' || message === null || !('Operations' in message)) return message;
  const { Operations: operations } = message;
  if (!Array.isArray(operations)) return message;
  return { ...message, Operations: operations.map((operation) => spell(operation, ofOperation)) };
};
