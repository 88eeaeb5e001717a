/**
 * Content codings undone, with a bound on what may come out. Everything is decoded in one go by the synchronous zlib
 * calls: on a fraction of a core the thread pool gains nothing, and an output limit stops a bomb while it unpacks.
 */
import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
  type BrotliOptions,
  type ZlibOptions,
  type ZstdOptions,
} from 'node:zlib';

export type Coding = 'gzip' | 'deflate' | 'br' | 'zstd';
export type Decoded = { ok: true; body: Buffer } | { ok: false; reason: 'tooLarge' | 'decode'; detail: string };

/** What is asked for, in the order a server may prefer. */
export const ACCEPT_ENCODING = 'gzip, deflate, br, zstd';

/** Honest servers send one coding, misconfigured ones two; each more is another factor for a bomb. */
const CODINGS_MAX = 3;
/** A layer that is not the last may be larger than its content by headers and stored blocks: a thousandth and a bit. */
export const packedBytesMax = (bytesMax: number): number => bytesMax + Math.ceil(bytesMax / 1000) + 65_536;

const KNOWN = new Map<string, Coding>([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['br', 'br'],
  ['zstd', 'zstd'],
]);
/** Registered codings that are not offered and cannot be undone. Other unknown words are misused labels, ignored as browsers do. */
const UNDOABLE = new Set(['compress', 'x-compress', 'exi', 'pack200-gzip', 'aes128gcm', 'dcb', 'dcz']);

/** RFC 9659: a zstd content coding needs no window above 8 MB, and the window is memory. */
const ZSTD_WINDOW_LOG_MAX = 23;

type Codings = { ok: true; codings: readonly Coding[] } | { ok: false; detail: string };
const NONE: Codings = { ok: true, codings: [] };

/** The codings of a Content-Encoding header in the order they were applied. */
export function parseCodings(header: string | undefined): Codings {
  if (header === undefined) return NONE;
  const names = header
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  const unknown = names.find((name) => UNDOABLE.has(name));
  if (unknown !== undefined)
    return { ok: false, detail: `content coding ${unknown} was not asked for and cannot be undone` };
  const codings = names.flatMap((name) => KNOWN.get(name) ?? []);
  if (codings.length > CODINGS_MAX)
    return { ok: false, detail: `${codings.length} content codings, at most ${CODINGS_MAX}` };
  return { ok: true, codings };
}

/**
 * Undoes `codings`, last applied first; at most `bytesMax` bytes come out, else `tooLarge`. Corrupt or truncated input
 * is `decode`, except with `partial`, where input that simply stops gives what it has.
 */
export function decode(packed: Buffer, codings: readonly Coding[], bytesMax: number, partial = false): Decoded {
  let body = packed;
  for (let layer = codings.length - 1; layer >= 0; layer--) {
    const coding = codings[layer];
    if (coding === undefined) break;
    try {
      body = undo(body, coding, layer === 0 ? bytesMax : packedBytesMax(bytesMax), partial);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ERR_BUFFER_TOO_LARGE') {
        return { ok: false, reason: 'tooLarge', detail: `body unpacks to more than ${bytesMax} bytes` };
      }
      const what = code === 'Z_BUF_ERROR' ? 'truncated' : 'corrupt';
      return { ok: false, reason: 'decode', detail: `${coding} body is ${what} (${code ?? 'unknown'})` };
    }
  }
  return { ok: true, body };
}

function undo(input: Buffer, coding: Coding, maxOutputLength: number, partial: boolean): Buffer {
  const options: ZlibOptions = {
    maxOutputLength: Math.max(1, maxOutputLength),
    chunkSize: 65_536,
    ...(partial ? { finishFlush: constants.Z_SYNC_FLUSH } : {}),
  };
  switch (coding) {
    case 'gzip':
      return gunzipSync(input, options);
    case 'deflate':
      return isZlib(input) ? inflateSync(input, options) : inflateRawSync(input, options);
    case 'br': {
      const brotli: BrotliOptions = {
        ...options,
        ...(partial ? { finishFlush: constants.BROTLI_OPERATION_FLUSH } : {}),
      };
      return brotliDecompressSync(input, brotli);
    }
    case 'zstd':
      return unzstd(input, Math.max(1, maxOutputLength), partial);
  }
}

/** Half of all servers send raw DEFLATE under the name of zlib's format; the two are told apart by zlib's header check. */
function isZlib(input: Buffer): boolean {
  const [first, second] = input;
  if (first === undefined || second === undefined) return true;
  return (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0;
}

/** A zstd body is a sequence of frames, of which node's decoder reads only the first. */
function unzstd(input: Buffer, outputMax: number, partial: boolean): Buffer {
  const frames: Buffer[] = [];
  let length = 0;
  let rest = input;
  do {
    const options: ZstdOptions = {
      params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX },
      maxOutputLength: Math.max(1, outputMax - length),
      chunkSize: 65_536,
      info: true,
      ...(partial ? { finishFlush: constants.ZSTD_e_flush } : {}),
    };
    // With `info` node answers with the output and the engine, which knows how much input it took; the types do not say so.
    const { buffer, engine } = zstdDecompressSync(rest, options) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    frames.push(buffer);
    length += buffer.length;
    if (length > outputMax) throw Object.assign(new Error('too large'), { code: 'ERR_BUFFER_TOO_LARGE' });
    if (engine.bytesWritten === 0) break;
    rest = rest.subarray(engine.bytesWritten);
  } while (rest.length > 0);
  const [only] = frames;
  return frames.length === 1 && only !== undefined ? only : Buffer.concat(frames, length);
}
