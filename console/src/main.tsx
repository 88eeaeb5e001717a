import '@cloudscape-design/global-styles/dark-mode-utils.css';
import './app.css';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';

const root = document.getElementById('app');
if (root !== null) createRoot(root).render(<App />);
