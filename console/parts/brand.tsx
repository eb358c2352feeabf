import type { ReactNode } from 'react';
import mark from '../../assets/mark.json' with { type: 'json' };

/** A card held over a reader. */
export const Brand = (): ReactNode => (
  <span className="brand">
    <svg className="brand-mark" viewBox="0 0 48 48" aria-hidden="true" focusable="false">
      <rect width="48" height="48" rx="12" />
      <path d={mark.reader} />
      <path d={mark.card} />
    </svg>
    <span className="brand-name">Kazasu</span>
  </span>
);
