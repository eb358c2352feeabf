import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import type { Frame } from '#contract/screen.ts';
import { call, reportPainted } from './agent.ts';
import { App } from './app.tsx';
import { playCue } from './cues.ts';
import './styles/base.css';
import './styles/stage.css';
import './styles/keypad.css';
import './styles/illustration.css';
import './styles/badge.css';

const place = document.getElementById('root');
if (place === null) throw new Error('the page has no root element');
const root = createRoot(place);
let newest = 0;

const isHeardHere = (frame: Frame): boolean => frame.window === (frame.view.cover ? 'lock' : 'badge');

/** What the page shows, for whoever reads the page without its words: tests and assistive programs. */
const describe = ({ window: kind, view: { picture } }: Frame): void => {
  const facts: Record<string, string | undefined> = {
    window: kind,
    picture: picture.kind,
    why: 'why' in picture ? picture.why : undefined,
    step: picture.kind === 'ceremony' ? picture.step : undefined,
    problem: picture.kind === 'ceremony' ? picture.problem : undefined,
    factor: picture.kind === 'secret' ? picture.factor : undefined,
    triesLeft: picture.kind === 'secret' ? picture.wrong?.triesLeft?.toString() : undefined,
  };
  const { dataset } = document.documentElement;
  for (const [name, value] of Object.entries(facts)) {
    if (value === undefined) delete dataset[name];
    else dataset[name] = value;
  }
};

window.kazasu.onFrame((frame) => {
  flushSync(() => root.render(<App frame={frame} />));
  describe(frame);
  // A page that shows nothing says nothing, and is made anew for it.
  if (place.isConnected && place.textContent !== '') reportPainted(frame.view.number);
  const { cue, number } = frame.view;
  if (number === 0 || number === newest) return;
  newest = number;
  if (cue !== undefined && frame.settings.sound && isHeardHere(frame)) playCue(cue);
});
call('window/ready', {});
