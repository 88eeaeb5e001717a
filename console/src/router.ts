/** Places are in the fragment (`#/runs/…`): a static host serves one page, and no server log sees them. */
import { useSyncExternalStore } from 'react';

export interface Place {
  path: string[];
  query: URLSearchParams;
}

export function placeOf(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const parts = path.split('/').filter((part) => part !== '');
  return { path: parts.map(decoded), query: new URLSearchParams(query) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const listen = (told: () => void): (() => void) => {
  addEventListener('hashchange', told);
  return () => removeEventListener('hashchange', told);
};
export const usePlace = (): Place => placeOf(useSyncExternalStore(listen, () => location.hash));
export const linkTo = (...path: string[]): string => `#/${path.map(encodeURIComponent).join('/')}`;
export const go = (href: string): void => {
  location.hash = href;
};
