import type { ReactNode } from 'react';
import { fragmentOf } from '../data/place.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Explanation } from '../parts/explanation.tsx';
import { Icon } from '../parts/icon.tsx';
import { LoadedView } from '../parts/loaded-view.tsx';
import { Notice } from '../parts/notice.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { PersonView } from './person.tsx';

/** What a support code stands for: on the page of its person, or by itself where nobody is known. */
export const Refusal = ({ code }: { readonly code: string }): ReactNode => {
  const { say } = useWords();
  const loaded = useData('refusals/explain', { params: { code } }, []);
  if (loaded.data.kind === 'ready' && loaded.data.value.event.person != null) {
    const { value } = loaded.data;
    return <PersonView id={String(value.event.person)} explained={value} />;
  }
  return (
    <>
      <a className="back" href={fragmentOf({ kind: 'people' })}>
        <Icon name="back" />
        {say('nav.people')}
      </a>
      <PageHead title={say('why.title')} lead={say('why.code', { code })} />
      <LoadedView loaded={loaded}>
        {(explained) => (
          <>
            <Notice look="info">
              <p>{say('why.of-nobody')}</p>
            </Notice>
            <Explanation explained={explained} />
          </>
        )}
      </LoadedView>
    </>
  );
};
