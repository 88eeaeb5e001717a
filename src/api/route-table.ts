/** All routes, and which of them a request means. */
import { CONFIG_ROUTES } from './routes/config.ts';
import { ALERT_ROUTES } from './routes/alerts.ts';
import { DEAD_LETTER_ROUTES } from './routes/dead-letters.ts';
import { HOST_ROUTES } from './routes/hosts.ts';
import { LATER_ROUTES } from './routes/later.ts';
import { RUN_REPORT_ROUTES } from './routes/run-reports.ts';
import { RUN_ROUTES } from './routes/runs.ts';
import { SERVICE_ROUTES } from './routes/service.ts';
import { TASK_ROUTES } from './routes/tasks.ts';
import { SECRET_ROUTES } from './routes/secrets.ts';
import { TENANT_ROUTES } from './routes/tenants.ts';
import { matchPath } from './route.ts';
import type { LaterRoute, Route } from './route.ts';

export const ROUTES: readonly Route[] = [
  ...TASK_ROUTES,
  ...RUN_ROUTES,
  ...RUN_REPORT_ROUTES,
  ...DEAD_LETTER_ROUTES,
  ...HOST_ROUTES,
  ...ALERT_ROUTES,
  ...SECRET_ROUTES,
  ...CONFIG_ROUTES,
  ...TENANT_ROUTES,
  ...SERVICE_ROUTES,
];

export const isAvailable = (route: Route | LaterRoute): route is Route => 'handle' in route;

export type Found =
  | { kind: 'route'; route: Route | LaterRoute; params: Record<string, string> }
  /** The path is known by other methods. */
  | { kind: 'method'; allow: string[] }
  | { kind: 'none' };

/** HEAD is answered as GET without the body. */
export function findRoute(method: string, path: string): Found {
  const wanted = method === 'HEAD' ? 'GET' : method;
  const allow = new Set<string>();
  for (const route of [...ROUTES, ...LATER_ROUTES]) {
    const params = matchPath(route.path, path);
    if (params === undefined) continue;
    if (route.method === wanted) return { kind: 'route', route, params };
    allow.add(route.method);
    if (route.method === 'GET') allow.add('HEAD');
  }
  return allow.size > 0 ? { kind: 'method', allow: [...allow].sort() } : { kind: 'none' };
}
