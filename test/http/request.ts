/** A request with the defaults of a task, for tests. */
import type { FetchRequest } from '#core/ports.ts';

export function requestOf(url: string, changes: Partial<FetchRequest> = {}): FetchRequest {
  return {
    url,
    method: 'GET',
    headers: {},
    secretHeaders: {},
    timeoutMs: 5_000,
    bytesMax: 1024 * 1024,
    redirectsMax: 5,
    allowAddresses: ['127.0.0.0/8'],
    ...changes,
  };
}
