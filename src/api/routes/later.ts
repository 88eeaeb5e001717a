/** Routes the contract names and no release has brought yet: 501 after authentication, absent from the OpenAPI document. */
import type { LaterRoute } from '../route.ts';

const get = (path: string): LaterRoute => ({ method: 'GET', path, scope: 'read' });

export const LATER_ROUTES: LaterRoute[] = [get('/v1/runs/{runId}/diagnosis')];
