/** Routes the contract names and no release has brought yet: 501 after authentication, absent from the OpenAPI document. */
import type { LaterRoute } from '../route.ts';

const get = (path: string): LaterRoute => ({ method: 'GET', path, scope: 'read' });
const put = (path: string): LaterRoute => ({ method: 'PUT', path, scope: 'write' });
const remove = (path: string): LaterRoute => ({ method: 'DELETE', path, scope: 'write' });

export const LATER_ROUTES: LaterRoute[] = [
  get('/v1/runs/{runId}/diagnosis'),
  get('/v1/hosts'),
  get('/v1/hosts/{host}'),
  put('/v1/hosts/{host}'),
  remove('/v1/hosts/{host}'),
  get('/v1/alerts'),
];
