/**
 * Where Node's TextDecoder (ICU) falls short of the WHATWG Encoding Standard in encodings that pages really use:
 * EUC-KR lacks the 8,822 syllables of Windows code page 949, Big5 leaves the Hong Kong supplement in the private use
 * area, GBK lacks the four-byte codes of GB18030, Shift_JIS permutes three control characters.
 */
import { BIG5_COMBINED, BIG5_PRIVATE_USE } from './big5-private-use.ts';

/** Decodes by a WHATWG encoding name (the `encoding` of a TextDecoder). Invalid bytes become U+FFFD. */
export function decodeAs(encoding: string, body: Uint8Array): string {
  if (encoding === 'euc-kr') return decodeEucKr(body);
  if (encoding === 'big5') return repairBig5(new TextDecoder('big5').decode(body));
  if (encoding === 'shift_jis') return repairShiftJis(new TextDecoder('shift_jis').decode(body));
  return decoderOf(encoding).decode(body);
}

const PIECE_BYTES = 2 ** 18;

/** The same piece by piece, where no more than Node's own decoder is needed: what is long need not be there twice. */
export function* decodePieces(encoding: string, body: Uint8Array): Generator<string, void, undefined> {
  if (['euc-kr', 'big5', 'shift_jis'].includes(encoding)) return yield decodeAs(encoding, body);
  const decoder = decoderOf(encoding);
  for (let at = 0; at < body.length; at += PIECE_BYTES)
    yield decoder.decode(body.subarray(at, at + PIECE_BYTES), { stream: true });
  yield decoder.decode();
}

const decoderOf = (encoding: string) => new TextDecoder(encoding === 'gbk' ? 'gb18030' : encoding);

/** ICU's table of IBM code page 943 exchanges these, as an IBM mainframe would. */
const SHIFT_JIS_CONTROLS = new Map([
  ['\x1c', '\x1a'],
  ['\x7f', '\x1c'],
  ['\x1a', '\x7f'],
]);

const repairShiftJis = (text: string): string => text.replace(/[\x1a\x1c\x7f]/g, (c) => SHIFT_JIS_CONTROLS.get(c) ?? c);

let big5Characters: Map<string, string> | undefined;

function repairBig5(text: string): string {
  return text.replace(/[\ue000-\uf8ff]/g, (code) => {
    big5Characters ??= readBig5();
    return big5Characters.get(code) ?? '\ufffd';
  });
}

function readBig5(): Map<string, string> {
  const characters = new Map(BIG5_COMBINED.map(([code, text]) => [String.fromCharCode(code), text]));
  for (const [first, run] of BIG5_PRIVATE_USE) {
    let code = first;
    for (const character of run) characters.set(String.fromCharCode(code++), character);
  }
  return characters;
}

const LEAD_FIRST = 0x81;
const TRAIL_FIRST = 0x41;
const TRAILS = 190;
const REPLACEMENT = 0xfffd;
let eucKrCodes: Uint16Array | undefined;

/** The decoder of the standard, over its index with 190 cells for each lead byte. */
function decodeEucKr(body: Uint8Array): string {
  eucKrCodes ??= readEucKr();
  const parts: string[] = [];
  const codes = new Uint16Array(Math.min(body.length, 8192));
  let used = 0;
  const push = (code: number) => {
    codes[used++] = code;
    if (used < codes.length) return;
    parts.push(String.fromCharCode(...codes));
    used = 0;
  };
  for (let at = 0; at < body.length; at++) {
    const lead = body[at] ?? 0;
    if (lead < 0x80) push(lead);
    else if (lead < LEAD_FIRST || lead > 0xfe || at + 1 === body.length) push(REPLACEMENT);
    else {
      const trail = body[at + 1] ?? 0;
      const code = trail < TRAIL_FIRST || trail > 0xfe ? 0 : (eucKrCodes[cell(lead, trail)] ?? 0);
      push(code === 0 ? REPLACEMENT : code);
      // An ASCII byte after a bad lead byte is text, not part of the error.
      if (code !== 0 || trail >= 0x80) at++;
    }
  }
  return parts.join('') + String.fromCharCode(...codes.subarray(0, used));
}

const cell = (lead: number, trail: number): number => (lead - LEAD_FIRST) * TRAILS + (trail - TRAIL_FIRST);

/**
 * Code page 949 from what Node knows, KS X 1001: the remaining Hangul syllables lie in Unicode order on the cells that
 * the older standard left free (https://encoding.spec.whatwg.org/index-euc-kr.txt).
 */
function readEucKr(): Uint16Array {
  const codes = new Uint16Array(126 * TRAILS);
  const decoder = new TextDecoder('euc-kr');
  const known = new Set<number>();
  for (let lead = 0xa1; lead <= 0xfe; lead++) {
    for (let trail = 0xa1; trail <= 0xfe; trail++) {
      const text = decoder.decode(Uint8Array.of(lead, trail));
      // Rows that users may define are no characters of the standard.
      if (text.length !== 1 || text === '\ufffd' || /[\ue000-\uf8ff]/.test(text)) continue;
      codes[cell(lead, trail)] = text.charCodeAt(0);
      known.add(text.charCodeAt(0));
    }
  }
  codes[cell(0xa2, 0xe6)] = 0x20ac;
  codes[cell(0xa2, 0xe7)] = 0xae;
  let syllable = 0xac00;
  for (const at of freeCells()) {
    while (known.has(syllable)) syllable++;
    codes[at] = syllable++;
  }
  return codes;
}

/** Cells 0x8141 to 0xC652 outside KS X 1001's own square; trail bytes are letters, then 0x81 and up. */
function* freeCells(): Generator<number> {
  for (let lead = LEAD_FIRST; lead <= 0xc6; lead++) {
    const last = lead === 0xc6 ? 0x52 : lead > 0xa0 ? 0xa0 : 0xfe;
    for (let trail = TRAIL_FIRST; trail <= last; trail++) {
      const isTrail = trail <= 0x5a || (trail >= 0x61 && trail <= 0x7a) || trail >= 0x81;
      if (isTrail) yield cell(lead, trail);
    }
  }
}
