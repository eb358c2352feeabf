import type { ReactNode } from 'react';
import { useRefresh } from '../data/use-console.ts';
import type { Loaded } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Icon, type IconName } from './icon.tsx';
import { FailureNotice } from './notice.tsx';
import { PageHead } from './page-head.tsx';

interface LoadedViewProps<Value> {
  readonly loaded: Loaded<Value>;
  /** The heading of the page, where it has another one once it is loaded. */
  readonly title?: string;
  readonly children: (value: Value) => ReactNode;
}

/** Loading, failed with a way to try again, or the value. */
export const LoadedView = <Value,>({
  loaded: { data, reload },
  title,
  children,
}: LoadedViewProps<Value>): ReactNode => {
  const { say } = useWords();
  const refresh = useRefresh();
  if (data.kind === 'ready') return children(data.value);
  if (data.kind === 'failed') {
    return (
      <>
        {title !== undefined && <PageHead title={title} />}
        <div className="failed">
          <FailureNotice failure={data.failure} />
          <Button
            onClick={() => {
              reload();
              // What else is on the page has hardly fared better.
              refresh?.();
            }}
          >
            {say('common.try-again')}
          </Button>
        </div>
      </>
    );
  }
  return (
    <>
      {title !== undefined && <PageHead title={title} />}
      <div className="skeleton" role="status" aria-busy="true">
        <span className="visually-hidden">{say('common.loading')}</span>
        <span className="bar" />
        <span className="bar" />
        <span className="bar" />
      </div>
    </>
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
