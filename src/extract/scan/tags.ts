/**
 * Element names as numbers, and what HTML's tree construction has to know about each. A name that no rule mentions gets
 * a number when it is met. SVG and MathML elements have the number of their lower-case name plus an offset, so that
 * `<title>` in an SVG is never taken for the title of the page.
 */

const NAMES = [
  'a abbr acronym address annotation-xml applet area article aside audio b base basefont bdi bdo bgsound big blockquote',
  'body br button canvas caption center cite code col colgroup data datalist dd del desc details dfn dialog dir div dl dt',
  'em embed fieldset figcaption figure font footer foreignobject form frame frameset g h1 h2 h3 h4 h5 h6 head header',
  'hgroup hr html i iframe image img input ins kbd keygen label legend li link listing main malignmark map mark marquee',
  'math menu meta meter mglyph mi mn mo ms mtext nav nobr noembed noframes noscript object ol optgroup option output p',
  'param path picture plaintext pre progress q rb rect rp rt rtc ruby s samp script search section select slot small',
  'source span strike strong style sub summary sup svg table tbody td template textarea tfoot th thead time title tr track',
  'tt u ul use var video wbr xmp',
]
  .join(' ')
  .split(' ');

/** Numbers from here up are given out while a selector or a document is read. */
export const FIRST_FREE_TAG = 256;
/** Different names without a rule that one document may have before it is left to the tree. */
export const SVG = 1024;
export const MATHML = 2 * SVG;
export const KEYS = 3 * SVG;

const numbers = new Map(NAMES.map((name, at) => [name, at + 1]));

/** The number of a name that some rule mentions; throws on any other, which is a slip of the pen in a table below. */
function tag(name: string): number {
  const number = numbers.get(name);
  if (number === undefined) throw new Error(`no such tag: ${name}`);
  return number;
}
export const knownTag = (name: string): number | undefined => numbers.get(name);

/** The name of a known tag. */
export const tagName = (number: number): string => NAMES[number - 1] ?? '';

export const T = {
  A: tag('a'),
  ANNOTATION_XML: tag('annotation-xml'),
  BASE: tag('base'),
  BASEFONT: tag('basefont'),
  BGSOUND: tag('bgsound'),
  BODY: tag('body'),
  BR: tag('br'),
  BUTTON: tag('button'),
  CAPTION: tag('caption'),
  COL: tag('col'),
  COLGROUP: tag('colgroup'),
  DD: tag('dd'),
  DT: tag('dt'),
  FONT: tag('font'),
  FORM: tag('form'),
  FRAMESET: tag('frameset'),
  HEAD: tag('head'),
  HR: tag('hr'),
  HTML: tag('html'),
  IMAGE: tag('image'),
  IMG: tag('img'),
  INPUT: tag('input'),
  KEYGEN: tag('keygen'),
  LI: tag('li'),
  LINK: tag('link'),
  MALIGNMARK: tag('malignmark'),
  MATH: tag('math'),
  META: tag('meta'),
  MGLYPH: tag('mglyph'),
  NOBR: tag('nobr'),
  NOFRAMES: tag('noframes'),
  NOSCRIPT: tag('noscript'),
  OPTGROUP: tag('optgroup'),
  OPTION: tag('option'),
  P: tag('p'),
  PLAINTEXT: tag('plaintext'),
  RTC: tag('rtc'),
  RUBY: tag('ruby'),
  SCRIPT: tag('script'),
  SELECT: tag('select'),
  STYLE: tag('style'),
  SVG: tag('svg'),
  TABLE: tag('table'),
  TBODY: tag('tbody'),
  TD: tag('td'),
  TEMPLATE: tag('template'),
  TEXTAREA: tag('textarea'),
  TFOOT: tag('tfoot'),
  TH: tag('th'),
  THEAD: tag('thead'),
  TITLE: tag('title'),
  TR: tag('tr'),
} as const;

// ---------------------------------------------------------------- classes of elements

/** HTML's "special" elements. */
export const SPECIAL = 1;
/** Bounds "in scope"; in list item, button and table scope likewise. */
export const SCOPE = 2;
export const LIST_SCOPE = 4;
export const BUTTON_SCOPE = 8;
export const TABLE_SCOPE = 16;
/** Special, and ends the search for a list item that is still open: all but address, div and p. */
export const ITEM_BOUNDARY = 32;
/** Closed by "generate implied end tags"; the second also by its thorough form. */
export const IMPLIED_END = 64;
export const IMPLIED_END_THOROUGH = 128;
export const HEADING = 256;
/** Direct children that are no part of a table are moved out of it. */
export const TABLE_PART = 512;
/** A start tag that leaves SVG and MathML. */
export const LEAVES_FOREIGN = 1024;
/** Content of these foreign elements follows the rules of HTML. */
export const INTEGRATION = 2048;
/** Text in it is written without escaping when it is serialised. */
export const UNESCAPED = 4096;

export const classes = new Uint16Array(KEYS);

function mark(bits: number, names: string, offset = 0): void {
  for (const name of names.split(' ')) {
    const at = offset + tag(name);
    classes[at] = (classes[at] ?? 0) | bits;
  }
}

mark(
  SPECIAL | ITEM_BOUNDARY,
  'applet area article aside base basefont bgsound blockquote body br button caption center col colgroup dd details dir ' +
    'dl dt embed fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html iframe ' +
    'img input li link listing main marquee menu meta nav noembed noframes noscript object ol param plaintext pre script ' +
    'section select source style summary table tbody td template textarea tfoot th thead title tr track ul wbr xmp',
);
mark(SPECIAL, 'address div p');
const BOUNDARIES = SCOPE | LIST_SCOPE | BUTTON_SCOPE;
mark(BOUNDARIES, 'applet caption html marquee object table td template th');
mark(SPECIAL | ITEM_BOUNDARY | BOUNDARIES | INTEGRATION, 'desc foreignobject title', SVG);
mark(SPECIAL | ITEM_BOUNDARY | BOUNDARIES | INTEGRATION, 'mi mn mo ms mtext', MATHML);
mark(SPECIAL | ITEM_BOUNDARY | BOUNDARIES, 'annotation-xml', MATHML);
mark(LIST_SCOPE, 'ol ul');
mark(BUTTON_SCOPE, 'button');
mark(TABLE_SCOPE, 'html table template');
mark(IMPLIED_END | IMPLIED_END_THOROUGH, 'dd dt li optgroup option p rb rp rt rtc');
mark(IMPLIED_END_THOROUGH, 'caption colgroup tbody td tfoot th thead tr');
mark(HEADING, 'h1 h2 h3 h4 h5 h6');
mark(TABLE_PART, 'table tbody tfoot thead tr');
mark(
  LEAVES_FOREIGN,
  'b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta nobr ' +
    'ol p pre ruby s small span strong strike sub sup table tt u ul var',
);
mark(UNESCAPED, 'style script xmp iframe noembed noframes plaintext');

// ---------------------------------------------------------------- what a tag does in the body

/** Which rule of "in body" a start tag follows; `GENERIC` for every name that no rule mentions. */
export const START = {
  GENERIC: 0,
  BLOCK: 1,
  HEADING: 2,
  FORMATTING: 3,
  LIST_ITEM: 4,
  VOID: 5,
  VOID_PLAIN: 6,
  RAW: 7,
  IN_SCRIPT: 8,
  IN_TITLE: 9,
  ANCHOR: 10,
  PRE: 11,
  HR: 12,
  BUTTON: 13,
  TABLE: 14,
  OPTION: 15,
  SELECT: 16,
  FORM: 17,
  TEXTAREA: 18,
  FOREIGN: 19,
  TEMPLATE: 20,
  MARKED: 21,
  ROOT: 22,
  IGNORED: 23,
  RUBY_BASE: 24,
  RUBY_TEXT: 25,
  XMP: 26,
  IMAGE: 27,
  NOBR: 28,
  TO_TREE: 29,
} as const;
export const END = {
  GENERIC: 0,
  BLOCK: 1,
  FORMATTING: 2,
  PARAGRAPH: 3,
  LIST_ITEM: 4,
  HEADING: 5,
  ROOT: 6,
  FORM: 7,
  MARKED: 8,
  TEMPLATE: 9,
  BREAK: 10,
} as const;

export const startRules = new Uint8Array(SVG);
export const endRules = new Uint8Array(SVG);
const rule = (table: Uint8Array, which: number, names: string): void => {
  for (const name of names.split(' ')) table[tag(name)] = which;
};

const BLOCKS =
  'address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer header hgroup main ' +
  'menu nav ol search section summary ul';
const FORMATTING = 'b big code em font i s small strike strong tt u';
rule(startRules, START.BLOCK, `${BLOCKS} p`);
rule(startRules, START.HEADING, 'h1 h2 h3 h4 h5 h6');
rule(startRules, START.FORMATTING, FORMATTING);
rule(startRules, START.LIST_ITEM, 'li dd dt');
rule(startRules, START.VOID, 'area br embed img input keygen wbr');
rule(startRules, START.VOID_PLAIN, 'base basefont bgsound link meta param source track');
rule(startRules, START.RAW, 'style noframes noembed iframe');
rule(startRules, START.IN_SCRIPT, 'script');
rule(startRules, START.IN_TITLE, 'title');
rule(startRules, START.ANCHOR, 'a');
rule(startRules, START.PRE, 'pre listing');
rule(startRules, START.HR, 'hr');
rule(startRules, START.BUTTON, 'button');
rule(startRules, START.TABLE, 'table');
rule(startRules, START.OPTION, 'option optgroup');
rule(startRules, START.SELECT, 'select');
rule(startRules, START.FORM, 'form');
rule(startRules, START.TEXTAREA, 'textarea');
rule(startRules, START.FOREIGN, 'svg math');
rule(startRules, START.TEMPLATE, 'template');
rule(startRules, START.MARKED, 'applet marquee object');
rule(startRules, START.ROOT, 'html body');
rule(startRules, START.IGNORED, 'caption col colgroup frame head tbody td tfoot th thead tr');
rule(startRules, START.RUBY_BASE, 'rb rtc');
rule(startRules, START.RUBY_TEXT, 'rp rt');
rule(startRules, START.XMP, 'xmp');
rule(startRules, START.IMAGE, 'image');
rule(startRules, START.NOBR, 'nobr');
rule(startRules, START.TO_TREE, 'frameset plaintext');

rule(endRules, END.BLOCK, `${BLOCKS} button listing pre`);
rule(endRules, END.FORMATTING, `a nobr ${FORMATTING}`);
rule(endRules, END.PARAGRAPH, 'p');
rule(endRules, END.LIST_ITEM, 'li dd dt');
rule(endRules, END.HEADING, 'h1 h2 h3 h4 h5 h6');
rule(endRules, END.ROOT, 'html body');
rule(endRules, END.FORM, 'form');
rule(endRules, END.MARKED, 'applet marquee object');
rule(endRules, END.TEMPLATE, 'template');
rule(endRules, END.BREAK, 'br');

// ---------------------------------------------------------------- from bytes to numbers

/** One step of the hash over the bytes of a name, in lower case. */
export const hashed = (hash: number, byte: number): number => (Math.imul(hash, 31) + byte) | 0;

const SLOTS = 1024;
const slots = new Uint16Array(SLOTS);
for (const [name, number] of numbers) {
  let hash = 0;
  for (const char of name) hash = hashed(hash, char.charCodeAt(0));
  let slot = hash & (SLOTS - 1);
  while (slots[slot] !== 0) slot = (slot + 1) & (SLOTS - 1);
  slots[slot] = number;
}
const NAME_BYTES = NAMES.map((name) => Buffer.from(name));

/** The number of the name in `bytes[from, to)`, whose hash is given; 0 when no rule mentions it. */
export function tagOf(bytes: Uint8Array, from: number, to: number, hash: number): number {
  for (let slot = hash & (SLOTS - 1); ; slot = (slot + 1) & (SLOTS - 1)) {
    const number = slots[slot]!;
    if (number === 0) return 0;
    const name = NAME_BYTES[number - 1]!;
    if (name.length !== to - from) continue;
    let at = 0;
    while (at < name.length && lower(bytes[from + at]!) === name[at]) at++;
    if (at === name.length) return number;
  }
}

/** An ASCII letter in lower case, any other byte as it is. */
export const lower = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte);
