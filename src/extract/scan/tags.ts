/**
 * Element names as numbers, and what HTML's tree construction has to know about each. A name that no rule mentions gets
 * a number when it is met. SVG and MathML elements have the number of their lower-case name plus an offset, so that
 * `<title>` in an SVG is never taken for the title of the page.
 */
import {
  BUTTON_SCOPE,
  END_BLOCK,
  END_BREAK,
  END_FORM,
  END_FORMATTING,
  END_HEADING,
  END_LIST_ITEM,
  END_MARKED,
  END_PARAGRAPH,
  END_PART,
  END_ROOT,
  END_TEMPLATE,
  HEADING,
  IMPLIED_END,
  IMPLIED_END_THOROUGH,
  INTEGRATION,
  ITEM_BOUNDARY,
  KEYS,
  LEAVES_FOREIGN,
  LIST_SCOPE,
  MATHML,
  SCOPE,
  SPECIAL,
  START_ANCHOR,
  START_BLOCK,
  START_BUTTON,
  START_FOREIGN,
  START_FORM,
  START_FORMATTING,
  START_HEADING,
  START_HR,
  START_IGNORED,
  START_IMAGE,
  START_IN_SCRIPT,
  START_IN_TITLE,
  START_LIST_ITEM,
  START_MARKED,
  START_NOBR,
  START_OPTION,
  START_PRE,
  START_RAW,
  START_ROOT,
  START_RUBY_BASE,
  START_RUBY_TEXT,
  START_SELECT,
  START_TABLE,
  START_TEMPLATE,
  START_TEXTAREA,
  START_TO_TREE,
  START_VOID,
  START_VOID_PLAIN,
  START_XMP,
  SVG,
  TABLE_PART,
  TABLE_SCOPE,
  UNESCAPED,
} from './numbers.ts';

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
export const tagNames: readonly string[] = NAMES;

// ---------------------------------------------------------------- classes of elements

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

export const startRules = new Uint8Array(SVG);
export const endRules = new Uint8Array(SVG);
const rule = (table: Uint8Array, which: number, names: string): void => {
  for (const name of names.split(' ')) table[tag(name)] = which;
};

const BLOCKS =
  'address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer header hgroup main ' +
  'menu nav ol search section summary ul';
const FORMATTING = 'b big code em font i s small strike strong tt u';
rule(startRules, START_BLOCK, `${BLOCKS} p`);
rule(startRules, START_HEADING, 'h1 h2 h3 h4 h5 h6');
rule(startRules, START_FORMATTING, FORMATTING);
rule(startRules, START_LIST_ITEM, 'li dd dt');
rule(startRules, START_VOID, 'area br embed img input keygen wbr');
rule(startRules, START_VOID_PLAIN, 'base basefont bgsound link meta param source track');
rule(startRules, START_RAW, 'style noframes noembed iframe');
rule(startRules, START_IN_SCRIPT, 'script');
rule(startRules, START_IN_TITLE, 'title');
rule(startRules, START_ANCHOR, 'a');
rule(startRules, START_PRE, 'pre listing');
rule(startRules, START_HR, 'hr');
rule(startRules, START_BUTTON, 'button');
rule(startRules, START_TABLE, 'table');
rule(startRules, START_OPTION, 'option optgroup');
rule(startRules, START_SELECT, 'select');
rule(startRules, START_FORM, 'form');
rule(startRules, START_TEXTAREA, 'textarea');
rule(startRules, START_FOREIGN, 'svg math');
rule(startRules, START_TEMPLATE, 'template');
rule(startRules, START_MARKED, 'applet marquee object');
rule(startRules, START_ROOT, 'html body');
rule(startRules, START_IGNORED, 'caption col colgroup frame head tbody td tfoot th thead tr');
rule(startRules, START_RUBY_BASE, 'rb rtc');
rule(startRules, START_RUBY_TEXT, 'rp rt');
rule(startRules, START_XMP, 'xmp');
rule(startRules, START_IMAGE, 'image');
rule(startRules, START_NOBR, 'nobr');
rule(startRules, START_TO_TREE, 'frameset plaintext');

rule(endRules, END_BLOCK, `${BLOCKS} button listing pre`);
rule(endRules, END_FORMATTING, `a nobr ${FORMATTING}`);
rule(endRules, END_PARAGRAPH, 'p');
rule(endRules, END_LIST_ITEM, 'li dd dt');
rule(endRules, END_HEADING, 'h1 h2 h3 h4 h5 h6');
rule(endRules, END_ROOT, 'html body');
rule(endRules, END_FORM, 'form');
rule(endRules, END_MARKED, 'applet marquee object');
rule(endRules, END_TEMPLATE, 'template');
rule(endRules, END_BREAK, 'br');
rule(endRules, END_PART, 'caption col colgroup tbody td tfoot th thead tr');
