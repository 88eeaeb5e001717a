/** HTTP as plain values, so that the API runs behind Lambda, behind a local server and in tests alike. */
export interface HttpRequest {
  method: string;
  /** As on the request line, escapes and the `/v1` included, the query not. */
  path: string;
  query: Record<string, string[]> | URLSearchParams;
  /** Lower-case names. */
  headers: Record<string, string | undefined>;
  /** What request line and headers come to, by `headBytes`; absent where whoever took the request has bounded it. */
  headBytes?: number;
  body?: Uint8Array | string;
}

export interface HttpResponse {
  status: number;
  /** Lower-case names. */
  headers: Record<string, string>;
  body: string;
}

/** Largest request body taken: a task document holds 256 KiB at most, defaults and all. */
export const BODY_BYTES_MAX = 1024 * 1024;
/** Lambda answers with 6 MB at most, JSON escapes of the body included; room for those and the headers. */
export const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
