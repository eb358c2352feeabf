import type { ReactNode } from 'react';
import type { PolicyChange } from '#contract/api/policies.ts';
import { groupOf } from '../data/policy-form.ts';
import { describeValue, nameOf } from '../data/policy-words.ts';
import { useWords } from '../data/use-words.ts';

/** What differs between two versions, value by value. */
export const PolicyChanges = ({ changes }: { readonly changes: readonly PolicyChange[] }): ReactNode => {
  const words = useWords();
  const { say } = words;
  if (changes.length === 0) return <p className="quiet-line">{say('policy-page.no-changes')}</p>;
  return (
    <div className="table-wrap">
      <table className="policy-changes">
        <caption className="visually-hidden">{say('policy-page.changes')}</caption>
        <thead>
          <tr>
            <th scope="col">{say('policy-page.what')}</th>
            <th scope="col">{say('policy-page.before')}</th>
            <th scope="col">{say('policy-page.after')}</th>
          </tr>
        </thead>
        <tbody>
          {changes.map(({ path, before, after }) => (
            <tr key={path}>
              <th scope="row">
                <Group path={path} />
                {nameOf(path, words)}
              </th>
              <td>
                <Lines lines={describeValue(path, before, words)} element="del" />
              </td>
              <td>
                <Lines lines={describeValue(path, after, words)} element="ins" />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
};

/** A value alone may say little: “shortest”. */
const Group = ({ path }: { readonly path: string }): ReactNode => {
  const { say } = useWords();
  const group = groupOf(path);
  return group === undefined ? null : <span className="kana">{say(`policy-page.group.${group}`)}</span>;
};

const Lines = ({
  lines,
  element: Element,
}: {
  readonly lines: readonly string[];
  readonly element: 'del' | 'ins';
}): ReactNode => (
  <ul>
    {lines.map((line) => (
      <li key={line}>
        <Element>{line}</Element>
      </li>
    ))}
  </ul>
);
