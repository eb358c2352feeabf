import { type ReactNode, useEffect, useRef } from 'react';

/** The heading of a page: takes the focus when the page comes, and names the document. */
export const PageHead = ({
  title,
  lead,
  actions,
  badge,
}: {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly actions?: ReactNode;
  readonly badge?: ReactNode;
}): ReactNode => {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  useEffect(() => {
    document.title = `${title} | Kazasu`;
  }, [title]);
  return (
    <div className="page-head">
      <div className="page-head-words">
        <div className="page-title">
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {badge}
        </div>
        {lead !== undefined && <p className="lead">{lead}</p>}
      </div>
      {actions !== undefined && <div className="actions">{actions}</div>}
    </div>
  );
};
