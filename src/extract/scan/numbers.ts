/**
 * The numbers that the scanner's core and the code around it agree on. This file is read by two compilers, TypeScript's and
 * AssemblyScript's, so it holds nothing but constants whose type both infer.
 */

// ---------------------------------------------------------------- elements with rules (`tags.ts` has all names, in this order)

export const T_A = 1; // a
export const T_ANNOTATION_XML = 5; // annotation-xml
export const T_BASE = 12; // base
export const T_BASEFONT = 13; // basefont
export const T_BGSOUND = 16; // bgsound
export const T_BODY = 19; // body
export const T_BR = 20; // br
export const T_BUTTON = 21; // button
export const T_CAPTION = 23; // caption
export const T_COL = 27; // col
export const T_COLGROUP = 28; // colgroup
export const T_DD = 31; // dd
export const T_DT = 40; // dt
export const T_FONT = 46; // font
export const T_FORM = 49; // form
export const T_FRAMESET = 51; // frameset
export const T_HEAD = 59; // head
export const T_HR = 62; // hr
export const T_HTML = 63; // html
export const T_IMAGE = 66; // image
export const T_IMG = 67; // img
export const T_INPUT = 68; // input
export const T_KEYGEN = 71; // keygen
export const T_LI = 74; // li
export const T_LINK = 75; // link
export const T_MALIGNMARK = 78; // malignmark
export const T_MATH = 82; // math
export const T_META = 84; // meta
export const T_MGLYPH = 86; // mglyph
export const T_NOBR = 93; // nobr
export const T_NOFRAMES = 95; // noframes
export const T_NOSCRIPT = 96; // noscript
export const T_OPTGROUP = 99; // optgroup
export const T_OPTION = 100; // option
export const T_P = 102; // p
export const T_PLAINTEXT = 106; // plaintext
export const T_RTC = 114; // rtc
export const T_RUBY = 115; // ruby
export const T_SCRIPT = 118; // script
export const T_SELECT = 121; // select
export const T_STYLE = 128; // style
export const T_SVG = 132; // svg
export const T_TABLE = 133; // table
export const T_TBODY = 134; // tbody
export const T_TD = 135; // td
export const T_TEMPLATE = 136; // template
export const T_TEXTAREA = 137; // textarea
export const T_TFOOT = 138; // tfoot
export const T_TH = 139; // th
export const T_THEAD = 140; // thead
export const T_TITLE = 142; // title
export const T_TR = 143; // tr

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

// ---------------------------------------------------------------- which rule of "in body" a start tag follows; GENERIC for every name that no rule mentions

export const START_GENERIC = 0;
export const START_BLOCK = 1;
export const START_HEADING = 2;
export const START_FORMATTING = 3;
export const START_LIST_ITEM = 4;
export const START_VOID = 5;
export const START_VOID_PLAIN = 6;
export const START_RAW = 7;
export const START_IN_SCRIPT = 8;
export const START_IN_TITLE = 9;
export const START_ANCHOR = 10;
export const START_PRE = 11;
export const START_HR = 12;
export const START_BUTTON = 13;
export const START_TABLE = 14;
export const START_OPTION = 15;
export const START_SELECT = 16;
export const START_FORM = 17;
export const START_TEXTAREA = 18;
export const START_FOREIGN = 19;
export const START_TEMPLATE = 20;
export const START_MARKED = 21;
export const START_ROOT = 22;
export const START_IGNORED = 23;
export const START_RUBY_BASE = 24;
export const START_RUBY_TEXT = 25;
export const START_XMP = 26;
export const START_IMAGE = 27;
export const START_NOBR = 28;
export const START_TO_TREE = 29;

// ---------------------------------------------------------------- and an end tag

export const END_GENERIC = 0;
export const END_BLOCK = 1;
export const END_FORMATTING = 2;
export const END_PARAGRAPH = 3;
export const END_LIST_ITEM = 4;
export const END_HEADING = 5;
export const END_ROOT = 6;
export const END_FORM = 7;
export const END_MARKED = 8;
export const END_TEMPLATE = 9;
export const END_BREAK = 10;
/** Of a table: in the body like a generic one, elsewhere not. */
export const END_PART = 11;

// ---------------------------------------------------------------- the insertion mode that holds while an element is the current one

export const MODE_BODY = 0;
export const MODE_CELL = 1;
export const MODE_CAPTION = 2;
export const MODE_TABLE = 3;
export const MODE_TABLE_BODY = 4;
export const MODE_ROW = 5;
export const MODE_COLUMNS = 6;
export const MODE_SELECT = 7;
export const MODE_SELECT_IN_TABLE = 8;
export const MODE_TEMPLATE = 9;
export const MODE_BEFORE_HTML = 10;
export const MODE_BEFORE_HEAD = 11;
export const MODE_HEAD = 12;
export const MODE_HEAD_NOSCRIPT = 13;
export const MODE_AFTER_HEAD = 14;

// ---------------------------------------------------------------- how the content of an element is read

export const CONTENT_MARKUP = 0;
export const CONTENT_RAW = 1;
export const CONTENT_SCRIPT = 2;
export const CONTENT_TEXT = 3;
/** The tag is to be looked at again, by the rules of another place. */
export const AGAIN = -1;

// ---------------------------------------------------------------- keys of elements

/** Numbers from here up are given out while a selector or a document is read. */
export const FIRST_FREE_TAG = 256;
/** SVG and MathML elements have the number of their lower-case name plus an offset. Below it: all names that one document may have. */
export const SVG = 1024;
export const MATHML = 2048;
export const KEYS = 3072;

// ---------------------------------------------------------------- bounds

/**
 * Open elements inside each other. Browsers stop nesting at 512; selectors walk up the ancestors, so an unbounded depth
 * would make a hostile page quadratic.
 */
export const DEPTH_MAX = 2_000;
/** 32-bit words of compounds. */
export const WORDS_MAX = 8;
/** What a query may take: names, tests, attributes to read. */
export const CONFIG_BYTES = 65_536;
/** A longer base URL is for the parser. */
export const BASE_BYTES = 8_192;
export const NAME_SLOTS = 2_048;
/** `low` and `high` eight bytes of a name in lower case, its number, and nothing. */
export const NAME_ENTRY = 32;
/** Longer names are kept aside. */
export const SHORT_NAME = 16;
/** Behind a document: bytes that end every search. */
export const GUARD_BYTES = 64;

// ---------------------------------------------------------------- what the core tells, as 32-bit numbers

/** More than this of one document, told or written, is left to the tree, which has bounds of its own. */
export const EVENT_BYTES_MAX = 134_217_728;

/** Set in a `to` whose text has to be decoded: characters beyond ASCII, references, carriage returns. */
export const NOT_VERBATIM = -2_147_483_648;
/** from, to, key of the parent, whether references are to be decoded, whether it stands in a template; if not, later the next such text. */
export const EVENT_TEXT = 1;
/** depth, key: something matched the element that begins. */
export const EVENT_ELEMENT = 2;
/** selector, then from and to (or -1) for each attribute that it reads: of the element before. */
export const EVENT_MATCH = 3;
/** The same, for the record alone that begins with this element. */
export const EVENT_OWN = 4;
/** depth: a record begins, or (depth 0, without records) the only one. */
export const EVENT_SCOPE = 5;
/** depth: an element ends that something depends on. */
export const EVENT_CLOSE = 6;
/** key, attributes, then four numbers for each: a start tag that is written. */
export const EVENT_START_TAG = 7;
/** key: an end tag that is written. */
export const EVENT_END_TAG = 8;
/** from, to. */
export const EVENT_COMMENT = 9;

// ---------------------------------------------------------------- what a pick reads of an element: the place of its attribute among those told, or one of these

export const READS_TEXT = -1;
export const READS_MARKUP = -2;
/** JSON as it stands in the document. */
export const READS_JSON = -3;

// ---------------------------------------------------------------- what is made of the values of a field

/** JSON that is there already. */
export const FIELD_CONSTANT = 0;
export const FIELD_VERBATIM = 1;
/** References of attributes, resolved. */
export const FIELD_URL = 2;
/** Whatever the code outside makes of them. */
export const FIELD_CONVERTED = 3;

// ---------------------------------------------------------------- steps of paths, and what other than a field's value they lead to

export const STEP_NAME = 0;
export const STEP_INDEX = 1;
export const STEP_EACH = 2;
/** A path without steps. */
export const STEP_NONE = 3;
export const JSON_NEXT = -2;
export const JSON_RECORD = -3;
/** What is a record as a whole; told in the list of links, of which JSON has none. */
export const JSON_WHOLE = -4;
/** All steps of all paths, one for each bit. */
export const STEPS_MAX = 63;
/** Lists and objects inside each other: writers of records walk them by recursion. */
export const JSON_DEPTH_MAX = 1_000;

// ---------------------------------------------------------------- lists of what a document has apart from records

export const LIST_LINKS = 0;
export const LIST_NEXT = 1;
export const LIST_BASE = 2;

// ---------------------------------------------------------------- what may stand where in a plain reference (`resolve.ts`)

export const URL_WORD = 1;
export const URL_SEGMENT = 2;
export const URL_QUERY = 4;
export const URL_FRAGMENT = 8;

// ---------------------------------------------------------------- tests of a compound

export const TEST_NONE = 0;
/** name. */
export const TEST_EXISTS = 1;
/** name, value, number of the slow test for values that are not plain ASCII. */
export const TEST_WORD = 2;
export const TEST_EQUALS = 3;
/** number of the slow test. */
export const TEST_SLOW = 4;

// ---------------------------------------------------------------- why a document is left to the tree (in words: `unfollowed.ts`)

export const FAULT_MULTIPLYING = 1;
export const FAULT_DEEP = 2;
export const FAULT_TABLE_IN_TEMPLATE = 3;
export const FAULT_ROOT_ATTRIBUTES = 4;
export const FAULT_ALIKE = 5;
export const FAULT_FRAMESET = 6;
export const FAULT_OPEN_LINK = 7;
export const FAULT_OLD_TABLE = 8;
export const FAULT_HTML_IN_FOREIGN = 9;
export const FAULT_ANNOTATION = 10;
export const FAULT_FOREIGN_PARAGRAPH = 11;
export const FAULT_MISNESTED = 12;
export const FAULT_OPEN_FORM = 13;
export const FAULT_FRAMES_AFTER_HEAD = 14;
export const FAULT_HEAD_AGAIN = 15;
export const FAULT_MOVED_ELEMENT = 16;
export const FAULT_MOVED_TEXT = 17;
export const FAULT_SPACE_REFERENCE = 18;
export const FAULT_OPEN_COMMENT = 19;
export const FAULT_LATE_COMMENT = 20;
export const FAULT_MATH_ONLY = 21;
export const FAULT_FOREIGN_MARKUP = 22;
export const FAULT_NESTED_RECORDS = 23;
export const FAULT_ODD_NAME = 24;
export const FAULT_MANY_NAMES = 25;
export const FAULT_MANY_ATTRIBUTES = 26;
export const FAULT_MANY_FORMATS = 27;
export const FAULT_ODD_INPUT = 28;
export const FAULT_MUCH = 29;
export const FAULT_LONG_REFERENCE = 30;
export const FAULT_JSON = 31;
