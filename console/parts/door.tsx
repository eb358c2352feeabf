import { type ReactNode, useEffect } from 'react';
import { useWords } from '../data/use-words.ts';
import { Brand } from './brand.tsx';
import { LanguageSwitch } from './language-switch.tsx';

/** The page before anybody is signed in: one white sheet on navy. */
export const Door = ({
  title,
  lead,
  wide = false,
  children,
}: {
  readonly title: string;
  readonly lead?: string;
  readonly wide?: boolean;
  readonly children: ReactNode;
}): ReactNode => {
  const { say } = useWords();
  useEffect(() => {
    document.title = `${title} | Kazasu`;
  }, [title]);
  return (
    <div className="door">
      <header className="door-head">
        <Brand />
        <LanguageSwitch />
      </header>
      <main className={wide ? 'sheet wide' : 'sheet'}>
        <h1>{title}</h1>
        {lead !== undefined && <p className="lead">{lead}</p>}
        {children}
      </main>
      <footer className="door-foot">{say('door.foot')}</footer>
    </div>
  );
};
