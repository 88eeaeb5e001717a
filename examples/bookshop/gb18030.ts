/** Text to GB18030 bytes: Node decodes it but does not encode it, so the two-byte table is read backwards from its decoder. */

/** What an HTML page shows for a character that none of the tables has. */
const UNKNOWN = 0x3f;
let twoBytes: Map<string, number> | undefined;

/** ASCII in one byte, the two-byte table, supplementary planes in four; other characters become `?`. */
export function encodeGb18030(text: string): Buffer {
  twoBytes ??= twoByteTable();
  const bytes: number[] = [];
  for (const char of text) {
    const point = char.codePointAt(0) ?? UNKNOWN;
    const pair = twoBytes.get(char);
    if (point < 0x80) bytes.push(point);
    else if (pair !== undefined) bytes.push(pair >> 8, pair & 0xff);
    else if (point >= 0x10000) bytes.push(...fourBytes(point));
    else bytes.push(UNKNOWN);
  }
  return Buffer.from(bytes);
}

function twoByteTable(): Map<string, number> {
  const decoder = new TextDecoder('gb18030', { fatal: true });
  const table = new Map<string, number>();
  for (let lead = 0x81; lead <= 0xfe; lead++)
    for (let trail = 0x40; trail <= 0xfe; trail++)
      if (trail !== 0x7f) table.set(decoder.decode(Uint8Array.of(lead, trail)), (lead << 8) | trail);
  return table;
}

/** Supplementary planes lie in one linear range that starts at 90 30 81 30. */
function fourBytes(point: number): number[] {
  const linear = point - 0x10000;
  return [
    0x90 + Math.floor(linear / 12_600),
    0x30 + (Math.floor(linear / 1_260) % 10),
    0x81 + (Math.floor(linear / 10) % 126),
    0x30 + (linear % 10),
  ];
}
