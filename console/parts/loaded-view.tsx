import type { ReactNode } from 'react';
import type { Loaded } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Icon, type IconName } from './icon.tsx';
import { FailureNotice } from './notice.tsx';

interface LoadedViewProps<Value> {
  readonly loaded: Loaded<Value>;
  readonly children: (value: Value) => ReactNode;
}

/** Loading, failed with a way to try again, or the value. */
export const LoadedView = <Value,>({ loaded: { data, reload }, children }: LoadedViewProps<Value>): ReactNode => {
  const { say } = useWords();
  if (data.kind === 'ready') return children(data.value);
  if (data.kind === 'failed') {
    return (
      <div className="failed">
        <FailureNotice failure={data.failure} />
        <Button onClick={reload}>{say('common.try-again')}</Button>
      </div>
    );
  }
  return (
    <div className="skeleton" role="status">
      <span className="visually-hidden">{say('common.loading')}</span>
      <span className="bar" />
      <span className="bar" />
      <span className="bar" />
    </div>
  );
};

/** Nothing here yet: says so, and what to do. */
export const Empty = ({
  icon,
  title,
  children,
}: {
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ReactNode;
}): ReactNode => (
  <div className="empty">
    <Icon name={icon} />
    <p className="empty-title">{title}</p>
    {children !== undefined && <div className="empty-more">{children}</div>}
  </div>
);
