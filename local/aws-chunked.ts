/**
 * The `aws-chunked` framing of uploads: `HEX[;chunk-signature=…]\r\n DATA \r\n … 0\r\n trailers \r\n`. SDKs use it to send a
 * checksum behind a body of unknown checksum. Decoded as a stream: holds one header line at most.
 */
const HEADER_BYTES_MAX = 16 * 1024;

/** @throws when the framing is broken or ends early; trailers are dropped. */
export async function* decodeAwsChunked(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0);
  /** Bytes of the current chunk still to come; -1 = its header is next; -2 = its closing line break is. */
  let left = -1;
  let ended = false;
  for await (const piece of source) {
    if (ended) continue;
    held = held.length === 0 ? piece : Buffer.concat([held, piece]);
    while (held.length > 0 && !ended) {
      if (left > 0) {
        const data = held.subarray(0, left);
        held = held.subarray(data.length);
        left -= data.length;
        if (left === 0) left = -2;
        yield data;
        continue;
      }
      const lineEnd = held.indexOf('\r\n');
      if (lineEnd < 0) {
        if (held.length > HEADER_BYTES_MAX) throw new Error('aws-chunked: chunk header too long');
        break;
      }
      const line = held.subarray(0, lineEnd).toString('latin1');
      held = held.subarray(lineEnd + 2);
      if (left === -2) {
        if (line !== '') throw new Error('aws-chunked: chunk longer than announced');
        left = -1;
        continue;
      }
      const size = /^([0-9a-fA-F]{1,12})(;.*)?$/.exec(line)?.[1];
      if (size === undefined) throw new Error('aws-chunked: no chunk header');
      left = Number.parseInt(size, 16);
      ended = left === 0;
    }
  }
  if (!ended) throw new Error('aws-chunked: body ended early');
}
