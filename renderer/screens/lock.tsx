import type { Frame } from '#contract/screen.ts';
import { wordsOf } from '../words.ts';
import { ConfirmScreen, ReasonsScreen, VouchScreen, WaysScreen } from './cardless.tsx';
import { CeremonyScreen } from './ceremony.tsx';
import { CodeScreen } from './code.tsx';
import { ElsewhereScreen } from './elsewhere.tsx';
import { NotReadyScreen } from './not-ready.tsx';
import { OpeningScreen } from './opening.tsx';
import { ReadyScreen } from './ready.tsx';
import { RefusedScreen } from './refused.tsx';
import { SecretScreen } from './secret.tsx';
import { Veil } from './veil.tsx';
import { WaitScreen } from './wait.tsx';

/** The window that a person logs in at: one file for each kind of picture. */
export const LockScreen = ({ frame }: { readonly frame: Frame }) => {
  const words = wordsOf(frame.settings.language);
  const { picture } = frame.view;
  switch (picture.kind) {
    case 'not-ready':
      return <NotReadyScreen frame={frame} words={words} why={picture.why} />;
    case 'ready':
      return <ReadyScreen frame={frame} words={words} notice={picture.notice} />;
    case 'reading':
    case 'identifying':
      return <WaitScreen frame={frame} words={words} kind={picture.kind} />;
    case 'secret':
      return <SecretScreen frame={frame} words={words} picture={picture} />;
    case 'elsewhere':
      return <ElsewhereScreen frame={frame} words={words} picture={picture} />;
    case 'ways':
      return <WaysScreen frame={frame} words={words} picture={picture} />;
    case 'code':
      return <CodeScreen frame={frame} words={words} picture={picture} />;
    case 'vouch':
      return <VouchScreen frame={frame} words={words} picture={picture} />;
    case 'reasons':
      return <ReasonsScreen frame={frame} words={words} picture={picture} />;
    case 'confirm':
      return <ConfirmScreen frame={frame} words={words} picture={picture} />;
    case 'refused':
      return <RefusedScreen frame={frame} words={words} why={picture.why} supportCode={picture.supportCode} />;
    case 'opening':
      return <OpeningScreen frame={frame} words={words} greet={picture.greet} />;
    case 'ceremony':
      return <CeremonyScreen frame={frame} words={words} picture={picture} />;
    case 'open':
      // Hidden at this moment; whoever uncovers it by accident sees no name.
      return <Veil frame={frame} words={words} />;
  }
};
