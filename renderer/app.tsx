import { useEffect } from 'react';
import type { Frame } from '#contract/screen.ts';
import { BadgeScreen } from './screens/badge.tsx';
import { CoverScreen } from './screens/cover.tsx';
import { LockScreen } from './screens/lock.tsx';

/** One page for three kinds of window. */
export const App = ({ frame }: { readonly frame: Frame }) => {
  const { language } = frame.settings;
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  switch (frame.window) {
    case 'lock':
      return <LockScreen frame={frame} />;
    case 'cover':
      return <CoverScreen frame={frame} />;
    case 'badge':
      return <BadgeScreen frame={frame} />;
  }
};
