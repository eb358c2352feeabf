import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './look/base.css';
import './look/shell.css';
import './look/parts.css';
import './look/dialogs.css';
import './look/pages.css';
import './look/log.css';
import { App } from './app.tsx';
import { invitationIn } from './data/place.ts';

// A one-time code leaves the address bar and the history before anything else happens.
const invitation = invitationIn(location.hash);
if (invitation !== undefined) history.replaceState(null, '', location.pathname);

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no #root');
createRoot(root).render(
  <StrictMode>
    <App invitation={invitation} />
  </StrictMode>,
);
