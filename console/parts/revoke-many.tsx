import { type ReactNode, useRef, useState } from 'react';
import type { Failure, Result } from '#contract/errors.ts';
import { useWords } from '../data/use-words.ts';
import { FailureNotice } from './notice.tsx';
import { Revoke, type RevokeProps } from './revoke.tsx';

/** So many revocations the server shows together. */
export const mostAtOnce = 100;

interface RevokeManyProps<Item> extends Pick<RevokeProps, 'title' | 'consequences' | 'reasons' | 'submit' | 'close'> {
  readonly items: readonly Item[];
  readonly nameOf: (item: Item) => string;
  readonly doneTitle: (count: number) => string;
  /** Answers the number of the revocation. */
  readonly act: (item: Item, reason: string) => Promise<Result<{ readonly revocation: number }>>;
  readonly onDone: (item: Item) => void;
}

/** The same deed for one after the other: one that fails keeps none of the others from being done. */
export const RevokeMany = <Item,>({
  items,
  nameOf,
  doneTitle,
  submit,
  act,
  onDone,
  ...rest
}: RevokeManyProps<Item>): ReactNode => {
  const { say } = useWords();
  const running = useRef(false);
  /** How many it was tried for, while it goes on. */
  const [tried, setTried] = useState<number>();
  const [failed, setFailed] = useState<readonly { readonly name: string; readonly failure: Failure }[]>([]);
  const send = async (reason: string): Promise<readonly number[] | undefined> => {
    if (running.current) return undefined;
    running.current = true;
    setFailed([]);
    const numbers: number[] = [];
    const refused: (typeof failed)[number][] = [];
    for (const [place, item] of items.entries()) {
      setTried(place);
      const reply = await act(item, reason);
      if (reply.ok) {
        numbers.push(reply.value.revocation);
        onDone(item);
      } else refused.push({ name: nameOf(item), failure: reply.failure });
    }
    running.current = false;
    setTried(undefined);
    setFailed(refused);
    return numbers.length === 0 ? undefined : numbers;
  };
  return (
    <Revoke
      {...rest}
      doneTitle={doneTitle(items.length - failed.length)}
      submit={tried === undefined ? submit : say('revoke.progress', { done: tried, all: items.length })}
      busy={tried !== undefined}
      failure={failed[0]?.failure}
      send={send}
      after={failed.map(({ name, failure }) => (
        <div key={name}>
          <p>{say('revoke.not-done', { name })}</p>
          <FailureNotice failure={failure} />
        </div>
      ))}
    />
  );
};
