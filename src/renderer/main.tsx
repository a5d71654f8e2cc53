/** Starts the window: opens the wire to the host, makes the stores, draws the app. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { openWire } from './host/bridge.ts';
import { hostClient } from './host/host-client.ts';
import { WorkbenchContext } from './state/use-workbench.ts';
import { workbench } from './state/workbench.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/frame.css';
import './styles/live.css';
import './styles/detail.css';
import './styles/pages.css';
import './styles/policies.css';
import './styles/limits.css';

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no root element');

const bench = workbench(hostClient(openWire()), document.documentElement);

createRoot(root).render(
  <StrictMode>
    <WorkbenchContext value={bench}>
      <App />
    </WorkbenchContext>
  </StrictMode>,
);
