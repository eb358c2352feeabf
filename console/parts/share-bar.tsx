import type { ReactNode } from 'react';

/** How much of the most a row has. The number stands beside it. */
export const ShareBar = ({ value, most, bad = false }: { value: number; most: number; bad?: boolean }): ReactNode => (
  <svg className={`share-bar${bad ? ' bad' : ''}`} viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
    <rect className="track" width="100" height="8" />
    <rect className="part" width={most === 0 ? 0 : (value / most) * 100} height="8" />
  </svg>
);
