/** Calls of AWS whose failures say which call it was: a single log line is often all that is left of one. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
}

/**
 * @param what service, operation and resource, such as `DynamoDB GetItem, table gleaner-dev`.
 * @param expected failures that are answers: gives the answer, or throws what the port promises. Undefined = a failure.
 * @throws CallFailed, the service's own error as its cause.
 */
export async function call<T>(
  what: string,
  send: () => Promise<T>,
  expected: (error: unknown) => T | undefined = () => undefined,
): Promise<T> {
  try {
    return await send();
  } catch (error) {
    const answer = expected(error);
    if (answer !== undefined) return answer;
    throw failed(what, error);
  }
}

export const failed = (what: string, error: unknown): CallFailed =>
  new CallFailed(`${what}: ${told(error)}`, { cause: error });

interface Told extends Error {
  code?: string;
  $metadata?: { httpStatusCode?: number; attempts?: number; requestId?: string };
}

/** Name and message, and what support asks for: status, attempts, the request's id. */
function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { name, message, code, $metadata: { httpStatusCode, attempts, requestId } = {} } = error as Told;
  const details = [
    code !== undefined && !message.includes(code) ? code : '',
    httpStatusCode === undefined ? '' : `HTTP ${String(httpStatusCode)}`,
    attempts === undefined ? '' : `${String(attempts)} attempts`,
    requestId === undefined ? '' : `request ${requestId}`,
  ].filter((detail) => detail !== '');
  return `${name}: ${message}${details.length > 0 ? ` (${details.join(', ')})` : ''}`;
}
