import type { ReactNode } from 'react';
import type { ImportedFacts, ImportPlan } from '#contract/api/imports.ts';
import { fragmentOf } from '../data/place.ts';
import { useWords } from '../data/use-words.ts';

/** More lines than this nobody reads on a screen; the numbers above them are of all. */
const most = 200;

interface TableProps {
  readonly title: string;
  readonly heads: readonly string[];
  readonly total: number;
  readonly children: ReactNode;
}

const ChangeTable = ({ title, heads, total, children }: TableProps): ReactNode => {
  const { say } = useWords();
  if (total === 0) return null;
  return (
    <section className="surface table-wrap">
      <h2 className="table-title">{title}</h2>
      <table>
        <caption className="visually-hidden">{title}</caption>
        <thead>
          <tr>
            {heads.map((head) => (
              <th scope="col" key={head}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
      {total > most && <p className="table-foot">{say('import.more', { most, total })}</p>}
    </section>
  );
};

/** What an import would change, person by person: those who lose access first. */
export const ImportChanges = ({ plan }: { readonly plan: ImportPlan }): ReactNode => {
  const { say } = useWords();
  const roles = (facts: ImportedFacts): string =>
    facts.roles.map((role) => say(`role.${role}`)).join(say('common.list-separator'));
  const who = [say('import.line'), say('person.number'), say('person.name')];
  const { suspended, changed, added } = plan;
  return (
    <>
      <ChangeTable title={say('import.suspended', { count: suspended.length })} heads={who} total={suspended.length}>
        {suspended.slice(0, most).map(({ line, person }) => (
          <tr key={person.id}>
            <td className="digits">{line ?? say('import.not-in-file')}</td>
            <td className="digits">{person.number}</td>
            <th scope="row">{person.name}</th>
          </tr>
        ))}
      </ChangeTable>
      <ChangeTable
        title={say('import.changed', { count: changed.length })}
        heads={[...who, say('import.before'), say('import.after')]}
        total={changed.length}
      >
        {changed.slice(0, most).map(({ line, id, before, after }) => {
          const differences = differencesOf(before, after);
          const show = (facts: ImportedFacts): string =>
            differences
              .map((name) =>
                name === 'roles' ? roles(facts) : name === 'state' ? say(`person.state.${facts.state}`) : facts[name],
              )
              .map((text) => (text === '' ? '–' : text))
              .join(' / ');
          return (
            <tr key={id}>
              <td className="digits">{line}</td>
              <td className="digits">{before.number}</td>
              <th scope="row">
                <a href={fragmentOf({ kind: 'person', id })}>{before.name}</a>
              </th>
              <td>{show(before)}</td>
              <td>{show(after)}</td>
            </tr>
          );
        })}
      </ChangeTable>
      <ChangeTable
        title={say('import.added', { count: added.length })}
        heads={[...who, say('person.kana'), say('person.roles')]}
        total={added.length}
      >
        {added.slice(0, most).map(({ line, person }) => (
          <tr key={line}>
            <td className="digits">{line}</td>
            <td className="digits">{person.number}</td>
            <th scope="row">{person.name}</th>
            <td>{person.kana === '' ? '–' : person.kana}</td>
            <td>{roles(person)}</td>
          </tr>
        ))}
      </ChangeTable>
    </>
  );
};

const differencesOf = (before: ImportedFacts, after: ImportedFacts): readonly ('name' | 'kana' | 'roles' | 'state')[] =>
  (['name', 'kana', 'roles', 'state'] as const).filter((name) => String(before[name]) !== String(after[name]));
