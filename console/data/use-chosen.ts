import { useCallback, useState } from 'react';

export interface Chosen<Item> {
  /** In the order in which they were chosen, also where the list does not show them any more. */
  readonly chosen: readonly Item[];
  readonly choose: (items: readonly Item[], isChosen: boolean) => void;
}

/** Which of a list somebody has chosen. They stay chosen while it is searched on and sorted. */
export const useChosen = <Item>(keyOf: (item: Item) => string): Chosen<Item> => {
  const [chosen, setChosen] = useState<readonly Item[]>([]);
  const choose = useCallback(
    (items: readonly Item[], isChosen: boolean): void => {
      const keys = new Set(items.map(keyOf));
      setChosen((before) => [...before.filter((one) => !keys.has(keyOf(one))), ...(isChosen ? items : [])]);
    },
    [keyOf],
  );
  return { chosen, choose };
};
