import type { ReactNode } from 'react';
import { type Role, roles } from '#contract/api/row.ts';
import { guideOf } from '../data/guides.ts';
import { useConsole } from '../data/use-console.ts';
import { useWords } from '../data/use-words.ts';
import { PageHead } from '../parts/page-head.tsx';

/** Short guides: those of one's own roles open, the others to unfold. */
export const Help = (): ReactNode => {
  const { say } = useWords();
  const { signedIn } = useConsole();
  const own = roles.filter((role) => role !== 'clinician' && signedIn.person.roles.includes(role));
  const others = roles.filter((role) => !own.includes(role));
  return (
    <>
      <PageHead title={say('nav.help')} lead={`${say('help.lead')} ${say('help.keys')}`} />
      <div className="stack">
        {own.map((role) => (
          <section key={role} className="surface guide" aria-labelledby={`guide-${role}`}>
            <h2 id={`guide-${role}`}>{say('help.for', { role: say(`role.${role}`) })}</h2>
            <Tasks role={role} />
          </section>
        ))}
        <h2 className="guide-others">{say('help.others')}</h2>
        {others.map((role) => (
          <details key={role} className="surface guide">
            <summary>{say('help.for', { role: say(`role.${role}`) })}</summary>
            <Tasks role={role} />
          </details>
        ))}
      </div>
    </>
  );
};

const Tasks = ({ role }: { readonly role: Role }): ReactNode => {
  const { language } = useWords();
  const { lead, tasks } = guideOf(role, language);
  return (
    <>
      <p className="muted">{lead}</p>
      <div className="guide-tasks">
        {tasks.map(({ title, steps }) => (
          <div key={title}>
            <h3>{title}</h3>
            <ol>
              {steps.map((step) => (
                <li key={step}>{step}</li>
              ))}
            </ol>
          </div>
        ))}
      </div>
    </>
  );
};
