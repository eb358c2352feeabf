import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './look/base.css';
import './look/shell.css';
import './look/parts.css';
import './look/dialogs.css';
import './look/pages.css';
import './look/log.css';
import './look/timeline.css';
import './look/accounts.css';
import './look/policy.css';
import './look/queue.css';
import './look/reviews.css';
import './look/charts.css';
import './look/print.css';
import { App } from './app.tsx';
import { invitationIn, languageIn } from './data/place.ts';

// A one-time code leaves the address bar and the history before anything else happens.
const invitation = invitationIn(location.hash);
const language = languageIn(location.hash);
if (invitation !== undefined || language !== undefined) history.replaceState(null, '', location.pathname);

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no #root');
createRoot(root).render(
  <StrictMode>
    <App invitation={invitation} language={language} />
  </StrictMode>,
);
