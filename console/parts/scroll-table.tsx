import type { ReactNode } from 'react';

/** A table that may be wider or higher than its place: whoever has no mouse moves it by the arrow keys. */
export const ScrollTable = ({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ReactNode;
}): ReactNode => (
  // biome-ignore lint/a11y/useSemanticElements: a fieldset is for what is filled in
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must take the focus (WCAG 2.1.1)
  <div className="table-wrap" role="group" aria-label={label} tabIndex={0}>
    {children}
  </div>
);
