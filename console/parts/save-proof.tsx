import type { ReactNode } from 'react';
import type { EventProof, GrowthProof } from '#contract/api/log.ts';
import { saveFile } from '../data/save-file.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';

interface SaveProofProps {
  readonly name: string;
  readonly file: EventProof | GrowthProof;
}

/** A proof as a file that the command verifies without the server. */
export const SaveProof = ({ name, file }: SaveProofProps): ReactNode => {
  const { say } = useWords();
  const save = (): void => saveFile(name, new Blob([`${JSON.stringify(file)}\n`], { type: 'application/json' }));
  return (
    <>
      <p>{say('log-proof.proof-hint')}</p>
      <pre className="command">npm run verify-log -- {name}</pre>
      <div className="dialog-actions">
        <Button onClick={save}>{say('log-proof.save-proof')}</Button>
      </div>
    </>
  );
};
