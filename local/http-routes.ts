import type { RouteSpec } from './blueprint.ts';

export interface RouteMatch {
  route: RouteSpec;
  pathParameters: Record<string, string>;
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Undefined = the pattern does not fit; parameters are decoded. */
function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const parts = path.split('/');
  const parameters: Record<string, string> = {};
  for (const [i, want] of wanted.entries()) {
    const greedy = /^\{(\w+)\+\}$/.exec(want)?.[1];
    if (greedy !== undefined) {
      const rest = parts.slice(i).join('/');
      if (rest === '') return undefined;
      return { ...parameters, [greedy]: decode(rest) };
    }
    const part = parts[i];
    if (part === undefined) return undefined;
    const name = /^\{(\w+)\}$/.exec(want)?.[1];
    if (name === undefined ? part !== want : part === '') return undefined;
    if (name !== undefined) parameters[name] = decode(part);
  }
  return parts.length === wanted.length ? parameters : undefined;
}

/** Literal segments beat parameters, parameters beat greedy ones, a method beats ANY: the gateway's order. */
function weight(key: string): string {
  const [method = '', path = ''] = key.split(' ');
  const parts = path.split('/').map((part) => (part.endsWith('+}') ? '0' : part.startsWith('{') ? '1' : '2'));
  return `${parts.join('')}.${method === 'ANY' ? '0' : '1'}`;
}

/** The gateway's choice among the routes, or undefined (404). `$default` takes what no other does. */
export function matchRoute(routes: RouteSpec[], method: string, path: string): RouteMatch | undefined {
  const fitting = routes.flatMap((route) => {
    const [wantedMethod = '', pattern] = route.key.split(' ');
    if (pattern === undefined || (wantedMethod !== 'ANY' && wantedMethod !== method)) return [];
    const pathParameters = matchPath(pattern, path);
    return pathParameters === undefined ? [] : [{ route, pathParameters }];
  });
  const [best] = fitting.sort((a, b) => (weight(a.route.key) < weight(b.route.key) ? 1 : -1));
  if (best !== undefined) return best;
  const fallback = routes.find((route) => route.key === '$default');
  return fallback === undefined ? undefined : { route: fallback, pathParameters: {} };
}
