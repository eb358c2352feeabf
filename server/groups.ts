/** A set for each key, without empty ones. */
export const createGroups = <Key, Member>() => {
  const groups = new Map<Key, Set<Member>>();
  const remove = (key: Key, member: Member): void => {
    const group = groups.get(key);
    group?.delete(member);
    if (group?.size === 0) groups.delete(key);
  };
  return {
    add: (key: Key, member: Member): (() => void) => {
      const group = groups.get(key) ?? new Set();
      groups.set(key, group.add(member));
      return () => remove(key, member);
    },
    has: (key: Key, member: Member): boolean => groups.get(key)?.has(member) ?? false,
    of: (key: Key): Member[] => [...(groups.get(key) ?? [])],
    all: (): Member[] => [...groups.values()].flatMap((group) => [...group]),
    keys: (): Key[] => [...groups.keys()],
  };
};
