import type { ReactNode } from 'react';

/** A card held over a reader. */
export const Brand = (): ReactNode => (
  <span className="brand">
    <svg className="brand-mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect className="brand-plate" x="1" y="1" width="30" height="30" rx="8" />
      <rect className="brand-card" x="6.5" y="8" width="13" height="9" rx="2" transform="rotate(-14 13 12.5)" />
      <path
        className="brand-wave"
        d="M9 23.5h14M12 20.4h8M21.5 9.2a6.5 6.5 0 0 1 1.9 7M24.4 6.6a10.6 10.6 0 0 1 2.6 11"
      />
    </svg>
    <span className="brand-name">Kazasu</span>
  </span>
);
