import type { ReactNode } from 'react';
import { useWords } from '../data/use-words.ts';
import { QrCode } from './qr-code.tsx';

/** The key of an otpauth URI in groups of four, as authenticators take it typed. */
const keyOf = (uri: string): string => (new URL(uri).searchParams.get('secret') ?? '').replace(/(.{4})(?=.)/g, '$1 ');

/** What an authenticator scans, or a person types into it. */
export const TotpScan = ({ uri }: { readonly uri: string }): ReactNode => {
  const { say } = useWords();
  return (
    <div className="scan">
      <QrCode text={uri} label={say('totp.qr-label')} />
      <div className="scan-words">
        <p>{say('totp.scan')}</p>
        <details>
          <summary>{say('totp.by-hand')}</summary>
          <p className="hint">{say('totp.by-hand-how')}</p>
          <code className="key-text">{keyOf(uri)}</code>
        </details>
      </div>
    </div>
  );
};
