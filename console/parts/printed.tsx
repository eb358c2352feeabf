import type { ReactNode } from 'react';
import { createPortal } from 'react-dom';

/** What goes on paper in place of the whole page; the screen does not show it. */
export const Printed = ({ children }: { readonly children: ReactNode }): ReactNode =>
  createPortal(<main className="printed">{children}</main>, document.body);
