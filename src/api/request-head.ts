/** How large the head of a request may be: what an HTTP API of API Gateway takes, so that every world refuses the same. */
import type { Problem } from './problems.ts';

/** Request line and values of the headers together; API Gateway's own bound, which cannot be raised. */
export const HEAD_BYTES_MAX = 10_240;

/** What the gateway adds to a request is not the client's. */
const ADDED = new Set(['x-forwarded-for', 'x-forwarded-port', 'x-forwarded-proto', 'x-amzn-trace-id']);

export interface Head {
  method: string;
  /** Path and query as on the request line. */
  target: string;
  /** Lower-case names. */
  headers: Record<string, string | undefined>;
  cookies?: readonly string[] | undefined;
}

/** Bytes as API Gateway counts them: names of headers and line ends are not among them. */
export function headBytes({ method, target, headers, cookies = [] }: Head): number {
  let bytes = Buffer.byteLength(`${method} ${target} HTTP/1.1`) + Buffer.byteLength(cookies.join('; '));
  for (const [name, value = ''] of Object.entries(headers)) if (!ADDED.has(name)) bytes += Buffer.byteLength(value);
  return bytes;
}

/** @param bytes undefined = so many that nobody counted them. */
export function headTooLarge(bytes?: number): Problem {
  const count = bytes === undefined ? 'more bytes than are read' : `${String(bytes)} bytes`;
  const detail = `request line and header values have ${count}, at most ${String(HEAD_BYTES_MAX)} are taken together`;
  return { kind: 'head-too-large', detail };
}
