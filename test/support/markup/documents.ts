/**
 * HTML documents as nobody should write them: sound structure with slips in it, soup of tags, the corners of the
 * tokenizer, broken bytes.
 */
import type { Dice } from './dice.ts';

const words = (text: string): string[] => text.split(' ');
const BLOCKS = words(
  'div p section ul ol dl article main h1 h2 h3 blockquote pre address details form center fieldset',
);
const INLINE = words(
  'span a b i em strong code font u small label cite q abbr nobr tt big s strike var sub x-y my-tag',
);
const VOID = words('br img hr input link meta wbr area source param embed base track keygen col');
const ITEMS = words('li dd dt option optgroup');
const TABLE = words('table thead tbody tfoot tr td th caption colgroup col');
const ODD = words(
  'head body html noscript template button select ruby rb rt rp rtc object applet marquee image svg math frameset frame ' +
    'iframe textarea title style script xmp noembed noframes plaintext listing summary menu nav dialog search hgroup isindex',
);
const FOREIGN = words(
  'svg math g path title desc foreignObject linearGradient mi mo mtext annotation-xml use a script style',
);
const RAW = words('script style textarea title iframe noembed noframes xmp');
const EVERY = [...BLOCKS, ...INLINE, ...VOID, ...ITEMS, ...TABLE, ...ODD];
const ATTRIBUTES = words('class id href title lang data-x rel type xlink:href viewBox name src color');
const VALUES = [
  'a', 'b', 'c', 'a b', 'b  c', 'note', 'x&amp;y', 'x&ampy', 'x&y=1', '&lt', '&copy2', '', 'A', 'en', 'en-US', 'hidden', 'HIDDEN',
  'next', '/p?q=1&r=2', '#top', 'a>b', 'ä', 'a\tb\nc', 'a\r\nb', '&#65;', '&#x110000;', '&nosuch;', 'a\u00a0b', 'a\u000bb', "it's", '中文',
]; // prettier-ignore
const TEXTS = [
  'text', ' ', '\n', '  two  words ', 'a & b', '&amp;', '&lt;p&gt;', '&copy', '&notit;', '&#128;', '&#0;', '&#xD800;', '&#32;', '&nbsp;',
  'ä ö', '中文 字', '😀', 'a < b', '<', '< p>', '</', '</ x>', '</>', '<3', '<?php echo 1 ?>', '<!', '<!x>', '<!->', '\r', '\r\n', '\f', '\t',
  'x\u00a0y', 'x\u000by', '&', '&#', '&#x;', '&amp', ']]>', '-->', '\ufeff',
]; // prettier-ignore
const COMMENTS = [
  '<!-- c -->', '<!---->', '<!-->', '<!--->', '<!-- <p>x</p> -->', '<!-- a -- b -->', '<!-- a --!>', '<!-- <!-- -->', '<!--a', '<!-- a --',
  '<!doctype html>', '<!DOCTYPE html PUBLIC "x">', '<![CDATA[ <p>c</p> ]]>', '<![CDATA[x', '<!-- a --!', '<!--a<!-->b-->', '<!ELEMENT x>',
]; // prettier-ignore
const RAW_TEXTS = [
  'x', 'a < b && "<p>"', '<!-- x', '<!-- <script> x </script> --> y', '<!--<script>', '--> <p>', '</scrip', '</ script>', '<b>b</b>', '&amp;',
  '\n', '\nx', '', '</title', '<!--', '<!-->', '<!--->', '</SCRIPT x', 'ä', '\r\nx', '<script', '<script>', '</style ', '<!--<script >-->',
]; // prettier-ignore

const DOCTYPES = [
  '<!doctype html>',
  '<!DOCTYPE HTML>\n',
  '',
  '',
  '<!doctype html system "about:legacy-compat">',
  '\n<!-- x -->\n<!doctype html>',
];

/** A document as text. */
export function randomDocument(dice: Dice): string {
  const shape = dice.roll();
  const size = 1 + dice.below(dice.chance(0.1) ? 120 : 30);
  const body = shape < 0.55 ? sound(dice, size) : shape < 0.8 ? soup(dice, size) : corners(dice, size);
  const text = dice.chance(0.5) ? framed(dice, body) : `${dice.of(DOCTYPES)}${body}`;
  return dice.chance(0.1) ? text.slice(0, dice.below(text.length + 1)) : text;
}

function framed(dice: Dice, body: string): string {
  const slip = (text: string, probability = 0.15): string => (dice.chance(probability) ? '' : text);
  const head = dice.of([
    '',
    '<title>T &amp; t</title>',
    '<meta charset=utf-8><link rel=next href=n>',
    '<base href=/b/>',
    text(dice),
    node(dice, 1),
  ]);
  const between = dice.of(['', '\n', '', '<script>x</script>', 'x', '<link href=l>', '<!-- c -->']);
  const after = dice.of(['', '\n', ' x', '<p>after</p>', '<!-- after -->', '<body class=b>', '<html lang=x>']);
  return (
    `${dice.of(DOCTYPES)}${slip(`<html${attributes(dice)}>`)}${slip('<head>')}${head}${slip('</head>')}${between}` +
    `${slip(`<body${attributes(dice)}>`)}${body}${slip('</body>')}${after}${slip('</html>')}${dice.chance(0.2) ? after : ''}`
  );
}

/** Well-formed, with a slip now and then. */
function sound(dice: Dice, size: number): string {
  let out = '';
  for (let left = size; left > 0;) {
    const part = Math.min(left, 1 + dice.below(12));
    out += node(dice, part);
    left -= part;
  }
  return out;
}

function node(dice: Dice, size: number): string {
  if (size <= 1) return dice.chance(0.7) ? text(dice) : leaf(dice);
  const kind = dice.roll();
  if (kind < 0.08) return table(dice, size);
  if (kind < 0.12) return foreign(dice, size);
  if (kind < 0.15) return element(dice, 'select', ['option', 'option', 'optgroup'], size);
  if (kind < 0.25) return element(dice, dice.of(['ul', 'ol', 'dl']), ['li', 'dd', 'dt'], size);
  if (kind < 0.28) return pair(dice, 'template', children(dice, size - 1));
  const name = dice.chance(0.02) ? dice.of(EVERY) : dice.chance(0.5) ? dice.of(BLOCKS) : dice.of(INLINE);
  return pair(dice, name, children(dice, size - 1));
}

function children(dice: Dice, size: number): string {
  let out = '';
  for (let left = size; left > 0;) {
    const part = 1 + dice.below(left);
    out += node(dice, part);
    left -= part;
  }
  return out;
}

function pair(dice: Dice, name: string, content: string): string {
  const end = dice.chance(0.03)
    ? ''
    : `</${dice.chance(0.01) ? dice.of(EVERY) : cased(dice, name)}${dice.chance(0.03) ? ' x="</p>"' : ''}>`;
  return `${open(dice, name)}${content}${end}`;
}

function element(dice: Dice, outer: string, inner: readonly string[], size: number): string {
  let out = '';
  for (let left = size - 1; left > 0;) {
    const part = 1 + dice.below(left);
    const content = children(dice, part - 1);
    const name = dice.of(inner);
    out += dice.chance(0.4) ? `${open(dice, name)}${content}` : pair(dice, name, content);
    left -= part;
  }
  return pair(dice, outer, out);
}

function table(dice: Dice, size: number): string {
  const space = () => dice.of(['', '', '\n', ' ', '<!-- c -->']);
  const optional = (tag: string) => (dice.chance(0.3) ? '' : tag);
  let rows = '';
  for (let left = size; left > 0; left -= 3) {
    const cells = Array.from({ length: dice.below(4) }, () => {
      const name = dice.of(['td', 'td', 'th']);
      return `${open(dice, name)}${children(dice, Math.max(0, Math.min(left, 4) - 1))}${optional(`</${name}>`)}${space()}`;
    });
    rows += `${optional(open(dice, 'tr'))}${space()}${cells.join('')}${optional('</tr>')}${space()}`;
    if (dice.chance(0.04))
      rows += dice.of([
        'x',
        '<p>f</p>',
        '<form>',
        '</form>',
        '</div>',
        '<input type=hidden>',
        '<b>',
        '<script>s</script>',
      ]);
  }
  const caption = dice.chance(0.2) ? pair(dice, 'caption', text(dice)) : '';
  const columns = dice.chance(0.2) ? `${optional('<colgroup>')}<col><col class=a>${optional('</colgroup>')}` : '';
  const body = dice.chance(0.5) ? rows : `<tbody>${rows}${optional('</tbody>')}`;
  return `${open(dice, 'table')}${space()}${caption}${columns}${body}${dice.chance(0.05) ? '' : '</table>'}`;
}

function foreign(dice: Dice, size: number): string {
  let out = '';
  for (let i = 0; i < size; i++) {
    const name = dice.of(FOREIGN);
    out += dice.of([
      `<${cased(dice, name)}${attributes(dice)}/>`,
      `<${name}${attributes(dice)}>${text(dice)}</${cased(dice, name)}>`,
      text(dice),
      `<${name}>`,
      '<![CDATA[ a < b &amp; ]]>',
    ]);
  }
  return pair(dice, dice.of(['svg', 'svg', 'math']), out);
}

/** Tags in no order at all. */
function soup(dice: Dice, size: number): string {
  const few = Array.from({ length: 2 + dice.below(6) }, () => dice.of(EVERY));
  let out = '';
  for (let i = 0; i < size; i++) {
    const name = dice.chance(0.2) ? dice.of(EVERY) : dice.of(few);
    const kind = dice.roll();
    out += kind < 0.4 ? open(dice, name) : kind < 0.7 ? `</${name}>` : kind < 0.95 ? text(dice) : leaf(dice);
  }
  return out;
}

/** What the tokenizer is tested by. */
function corners(dice: Dice, size: number): string {
  let out = '';
  for (let i = 0; i < size; i++) {
    out += dice.of([
      leaf(dice),
      text(dice),
      open(dice, dice.of(INLINE)),
      `</${dice.of(INLINE)}>`,
      open(dice, dice.of(BLOCKS)),
      dice.of([
        '<p/>',
        '<a=b>',
        '<a =b>',
        '<p a = b>',
        '<p a b/c>',
        '<p a="x',
        "<p a='",
        '<p a=x/>',
        '<p/a/b=1>',
        '<p "x>">',
        '<a\0b>',
        '<p\n>',
        '<É>',
      ]),
      dice.chance(0.05) ? '\0' : ' ',
    ]);
  }
  return out;
}

function leaf(dice: Dice): string {
  const kind = dice.roll();
  if (kind < 0.35) return open(dice, dice.of(VOID));
  if (kind < 0.6) return dice.of(COMMENTS);
  const name = dice.of(RAW);
  return `${open(dice, name)}${dice.of(RAW_TEXTS)}${dice.chance(0.05) ? '' : `</${cased(dice, name)}${dice.of(['', '', ' ', '/', ' a=">"'])}>`}`;
}

const text = (dice: Dice): string => (dice.chance(0.6) ? 'text' : '') + dice.of(TEXTS);
const open = (dice: Dice, name: string): string =>
  `<${cased(dice, name)}${attributes(dice)}${dice.chance(0.05) ? '/' : ''}>`;
const cased = (dice: Dice, name: string): string => (dice.chance(0.05) ? name.toUpperCase() : name);

function attributes(dice: Dice): string {
  let out = '';
  while (dice.chance(0.4)) {
    const name = dice.chance(0.5) ? dice.of(['class', 'id', 'href']) : dice.of(ATTRIBUTES);
    const value = dice.of(VALUES);
    const quoted = dice.chance(0.6)
      ? `"${value}"`
      : dice.chance(0.5)
        ? `'${value.replaceAll("'", '')}'`
        : value.replaceAll(/[\s>"']/g, '');
    out += ` ${cased(dice, name)}${dice.chance(0.1) ? '' : `${dice.chance(0.05) ? ' = ' : '='}${quoted}`}`;
  }
  return out;
}

/** A document as it arrives: in some encoding, sound or broken. */
export function encoded(dice: Dice, html: string): { body: Uint8Array; encoding: string } {
  const kind = dice.roll();
  if (kind < 0.8) return { body: Buffer.from(html), encoding: 'utf-8' };
  if (kind < 0.84) return { body: Buffer.from(`\ufeff${html}`), encoding: 'utf-8' };
  if (kind < 0.88) return { body: Buffer.from(html, 'utf16le'), encoding: 'utf-16le' };
  if (kind < 0.92)
    return {
      body: Buffer.from(html),
      encoding: dice.of(['gbk', 'big5', 'shift_jis', 'euc-jp', 'iso-2022-jp', 'gb18030']),
    };
  if (kind < 0.95)
    return { body: Buffer.from(html, 'latin1'), encoding: dice.of(['windows-1252', 'iso-8859-2', 'koi8-r']) };
  return { body: broken(dice, Buffer.from(html)), encoding: 'utf-8' };
}

function broken(dice: Dice, body: Buffer): Buffer {
  for (let i = 0; i < 3 && body.length > 0; i++) body[dice.below(body.length)] = 0x80 + dice.below(0x80);
  return body;
}
