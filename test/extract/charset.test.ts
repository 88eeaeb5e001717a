import iconv from 'iconv-lite';
import { describe, expect, test } from 'vitest';
import { decodeText, encodingOf } from '#extract/charset.ts';
import type { DocumentKind } from '#extract/content-type.ts';
import { decodeAs } from '#extract/legacy-decoder.ts';
import { extract, records } from './documents.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('pages in the encodings of the world arrive as Unicode', () => {
  const pages: [label: string, written: string, text: string][] = [
    ['gb18030', 'gb18030', '简体中文 𠮷 € 龘'],
    ['gb2312', 'gbk', '汉字编码国家标准 镕'],
    ['big5', 'big5', '繁體中文網頁 裏 碁'],
    ['big5', 'big5hkscs', '香港字 嘅 喺 𨋢'],
    ['shift_jis', 'shift_jis', '日本語 ｶﾅ ①㈱ 高﨑'],
    ['euc-jp', 'eucjp', '日本語の頁'],
    ['windows-1251', 'win1251', 'Русский язык — «да»'],
    ['windows-1252', 'win1252', 'naïve – “quotes” €'],
    ['iso-8859-1', 'win1252', 'a – b'],
    ['windows-1254', 'win1254', 'İstanbul ığüşöç'],
    ['windows-1256', 'win1256', 'العربية'],
    ['iso-8859-7', 'iso88597', 'Ελληνικά'],
    ['koi8-r', 'koi8-r', 'Привет'],
    ['euc-kr', 'cp949', '한국어 똠방각하 펲시 햏'],
    ['ks_c_5601-1987', 'cp949', '뷁'],
    ['tis-620', 'tis620', 'ภาษาไทย'],
  ];
  test.each(pages)('%s by the HTTP charset, as %s', async (label, written, text) => {
    const found = await records({ fields: { t: 'p' } }, iconv.encode(`<p>${text}</p>`, written), {
      type: `text/html; charset="${label.toUpperCase()}"`,
    });
    expect(found).toEqual([{ t: text }]);
  });
  test.each(pages)('%s by its own meta, as %s', async (label, written, text) => {
    const page = iconv.encode(`<!doctype html><head><meta charset=${label}><p>${text}</p>`, written);
    await expect(records({ fields: { t: 'p' } }, page, { type: 'text/html' })).resolves.toEqual([{ t: text }]);
  });
  test.each(pages)('%s by its XML declaration, as %s', async (label, written, text) => {
    const page = iconv.encode(`<?xml version="1.0" encoding='${label}'?><p>${text}</p>`, written);
    await expect(records({ fields: { t: 'p' } }, page, { type: 'application/xml' })).resolves.toEqual([{ t: text }]);
  });
});

describe('the order of evidence', () => {
  const utf16le = iconv.encode('<p>Ω</p>', 'utf-16le', { addBOM: true });
  const utf16be = iconv.encode('<p>Ω</p>', 'utf-16be', { addBOM: true });
  const html1251 = (head: string): Uint8Array => iconv.encode(`${head}<p>Ж</p>`, 'win1251');
  test.each<[why: string, body: Uint8Array, charset: string | undefined, kind: DocumentKind, encoding: string]>([
    ['UTF-16LE mark over everything', utf16le, 'windows-1251', 'html', 'utf-16le'],
    ['UTF-16BE mark', utf16be, undefined, 'html', 'utf-16be'],
    ['UTF-8 mark over HTTP', bytes('\ufeff<meta charset=big5>'), 'gbk', 'html', 'utf-8'],
    ['HTTP over meta', html1251('<meta charset=big5>'), 'windows-1251', 'html', 'windows-1251'],
    ['an unknown HTTP label is passed over', html1251('<meta charset=cp1251>'), 'x-nonsense', 'html', 'windows-1251'],
    ['unknown labels all the way', bytes('<meta charset=nope>'), 'none', 'html', 'utf-8'],
    [
      'an unknown meta is passed over',
      bytes('<meta charset=nope><meta charset=cp1251>'),
      undefined,
      'html',
      'windows-1251',
    ],
    [
      'meta http-equiv',
      bytes('<meta http-equiv=Content-Type content="text/html; charset = cp1251">'),
      undefined,
      'html',
      'windows-1251',
    ],
    [
      'content without http-equiv says nothing',
      bytes('<meta content="text/html; charset=cp1251">'),
      undefined,
      'html',
      'utf-8',
    ],
    ['meta in a comment says nothing', bytes('<!-- <meta charset=cp1251> -->'), undefined, 'html', 'utf-8'],
    ['meta in an attribute says nothing', bytes('<p title="<meta charset=cp1251>">'), undefined, 'html', 'utf-8'],
    [
      'meta after an attribute with >',
      bytes('<p title=">"><META CharSet=\'cp1251\'/>'),
      undefined,
      'html',
      'windows-1251',
    ],
    ['metadata is no meta', bytes('<metadata charset=cp1251>'), undefined, 'html', 'utf-8'],
    [
      'meta beyond 1024 bytes is too late',
      bytes(`${' '.repeat(1024)}<meta charset=cp1251>`),
      undefined,
      'html',
      'utf-8',
    ],
    ['meta utf-16 means UTF-8', bytes('<meta charset=utf-16>'), undefined, 'html', 'utf-8'],
    [
      'meta x-user-defined means windows-1252',
      bytes('<meta charset=x-user-defined>'),
      undefined,
      'html',
      'windows-1252',
    ],
    [
      'an XML declaration in html',
      bytes('<?xml version="1.0" encoding="cp1251"?><html>'),
      undefined,
      'html',
      'windows-1251',
    ],
    [
      'meta over the XML declaration',
      bytes('<?xml version="1.0" encoding="big5"?><meta charset=cp1251>'),
      undefined,
      'html',
      'windows-1251',
    ],
    ['meta means nothing in xml', bytes('<meta charset="cp1251"/>'), undefined, 'xml', 'utf-8'],
    ['UTF-16 xml without mark', iconv.encode('<?xml version="1.0"?><p/>', 'utf-16le'), undefined, 'xml', 'utf-16le'],
    ['json has no declaration', bytes('["<meta charset=cp1251>"]'), undefined, 'json', 'utf-8'],
    ['json by HTTP', bytes('[]'), 'cp1251', 'json', 'windows-1251'],
    ['csv by HTTP', bytes('a'), 'Shift-JIS', 'csv', 'shift_jis'],
    ['white space around a label', bytes(''), ' utf8\n', 'html', 'utf-8'],
  ])('%s', (_why, body, charset, kind, encoding) => {
    expect(decodeText(body, charset, kind)).toMatchObject({ ok: true, encoding });
  });

  test('marks are no text', () => {
    expect(decodeText(utf16le, undefined, 'html')).toMatchObject({ text: '<p>Ω</p>' });
    expect(decodeText(utf16be, undefined, 'html')).toMatchObject({ text: '<p>Ω</p>' });
    expect(decodeText(bytes('\ufeff[]'), undefined, 'json')).toMatchObject({ text: '[]' });
  });
});

test('invalid bytes become U+FFFD', async () => {
  const page = Uint8Array.of(...bytes('<p>a'), 0xff, 0xc3, ...bytes('b</p>'));
  await expect(records({ fields: { t: 'p' } }, page, { type: 'text/html' })).resolves.toEqual([
    { t: 'a\ufffd\ufffdb' },
  ]);
});

test.each(['iso-2022-kr', 'HZ-GB-2312', 'replacement'])('%s is refused as decode', async (label) => {
  expect(encodingOf(label)).toBe('replacement');
  const result = await extract({ fields: { t: 'p' } }, '<p>x', { type: `text/html; charset=${label}` });
  expect(result).toMatchObject({ ok: false, reason: 'decode' });
});

describe('every code of two bytes means what an independent table says', () => {
  /** Where the standard departs from the table, or the table from the standard. */
  const exceptions: Record<string, Set<number>> = {
    // A half-width letter and the byte 0x80, which is a control character to the table and an error to Node.
    shift_jis: new Set(range(0xa1, 0xdf).map((lead) => lead * 256 + 0x80)),
    // Control pictures and F9FE, which the table takes from later editions than Node does.
    big5: new Set([...range(0xa3c0, 0xa3e0), 0xf9fe]),
  };
  test.each([
    ['big5', 'big5hkscs'],
    ['euc-kr', 'cp949'],
    ['shift_jis', 'shift_jis'],
  ])('%s', (encoding, table) => {
    let compared = 0;
    const different: string[] = [];
    for (const code of range(0x8140, 0xfefe)) {
      const body = Uint8Array.of(code >> 8, code & 0xff);
      const expected = iconv.decode(body, table);
      if (expected.includes('\ufffd') || exceptions[encoding]?.has(code)) continue;
      compared++;
      if (decodeAs(encoding, body) !== expected) different.push(code.toString(16));
    }
    expect(different).toEqual([]);
    expect(compared).toBeGreaterThan(9_000);
  });

  test.each(['big5', 'euc-kr', 'shift_jis', 'gbk', 'gb18030', 'euc-jp'])('ASCII in %s', (encoding) => {
    const ascii = Uint8Array.from(range(0, 0x7f));
    expect(decodeAs(encoding, ascii)).toBe(String.fromCharCode(...ascii));
  });

  test.each<[body: number[], text: string]>([
    [[0xb0], '\ufffd'],
    [[0x80, 0x41], '\ufffdA'],
    [[0xb0, 0x3c], '\ufffd<'],
    [[0xff, 0xb0, 0xa1], '\ufffd가'],
    [[0xc9, 0xa1, 0x41], '\ufffdA'],
  ])('errors in euc-kr: %j', (body, text) => {
    expect(decodeAs('euc-kr', Uint8Array.from(body))).toBe(text);
  });

  test('long euc-kr', () => {
    const text = 'ab한글똠'.repeat(5_000);
    expect(decodeAs('euc-kr', iconv.encode(text, 'cp949'))).toBe(text);
  });
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
