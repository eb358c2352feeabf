import { useCallback, useState } from 'react';
import { useConsole } from './use-console.ts';

/**
 * What somebody has begun and not finished, kept in this tab while they look at another page: an act that a second
 * person approves has to be sent once more exactly as it was. Whoever signs in after them does not see it. Never for a
 * secret.
 */
export const useDraft = <Value>(name: string, first: Value): readonly [Value, (value: Value) => void, () => void] => {
  const key = `kazasu.draft.${useConsole().signedIn.person.id}.${name}`;
  const [value, setValue] = useState<Value>(() => {
    const kept = sessionStorage.getItem(key);
    return kept === null ? first : (JSON.parse(kept) as Value);
  });
  const change = useCallback(
    (next: Value) => {
      sessionStorage.setItem(key, JSON.stringify(next));
      setValue(next);
    },
    [key],
  );
  const forget = useCallback(() => sessionStorage.removeItem(key), [key]);
  return [value, change, forget];
};
