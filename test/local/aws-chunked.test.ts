import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAwsChunked } from '#local/aws-chunked.ts';

async function decode(pieces: Buffer[]): Promise<Buffer> {
  const source = (async function* () {
    for (const piece of pieces) yield piece;
  })();
  const out: Buffer[] = [];
  for await (const data of decodeAwsChunked(source)) out.push(data);
  return Buffer.concat(out);
}

function split(bytes: Buffer, cuts: number[]): Buffer[] {
  const at = [0, ...cuts.map((c) => c % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
}

describe('aws-chunked', () => {
  it('gives back the body, however it was framed and wherever the network cut it', async () => {
    const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(chunks, fc.array(fc.nat(), { maxLength: 12 }), fc.boolean(), async (parts, cuts, signed) => {
        const signature = signed ? ';chunk-signature=abc' : '';
        const frame = parts.flatMap((p) => [
          Buffer.from(`${p.length.toString(16)}${signature}\r\n`),
          p,
          Buffer.from('\r\n'),
        ]);
        const whole = Buffer.concat([...frame, Buffer.from(`0${signature}\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n`)]);
        expect(await decode(split(whole, cuts))).toEqual(Buffer.concat(parts));
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['ends early', '5\r\nabc'],
    ['has no end', '3\r\nabc\r\n'],
    ['has a chunk longer than announced', '3\r\nabcdef\r\n0\r\n'],
    ['has no header', 'hello world\r\n'],
    ['has an endless header', 'a'.repeat(20_000)],
    ['is empty', ''],
  ])('refuses a body that %s', async (_, text) => {
    await expect(decode([Buffer.from(text)])).rejects.toThrow('aws-chunked');
  });
});
