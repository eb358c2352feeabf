/**
 * The container inside `@peculiar/x509` refuses to load without the metadata functions of `reflect-metadata`.
 * It asks for the types of constructor parameters, and its classes have none: a plain store is enough.
 */
const store = new WeakMap<object, Map<unknown, unknown>>();

const getMetadata = (key: unknown, target: object): unknown => store.get(target)?.get(key);
const defineMetadata = (key: unknown, value: unknown, target: object): void => {
  const own = store.get(target) ?? new Map<unknown, unknown>();
  store.set(target, own.set(key, value));
};

if (!('getMetadata' in Reflect)) Object.assign(Reflect, { getMetadata, getOwnMetadata: getMetadata, defineMetadata });
