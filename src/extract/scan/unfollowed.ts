/** The document has a shape that a stack of open elements cannot follow: the tree decides. Thrown while scanning, caught by the engine. */
export class Unfollowed extends Error {
  override readonly name = 'Unfollowed';
}

/** By the core's `FAULT_` numbers. */
export const FAULTS = [
  '',
  'formatting elements that multiply',
  'deep nesting',
  'a part of a table that ends in a template',
  'attributes added to html or body',
  'a formatting element inside of three of its kind',
  'frameset or plaintext',
  'a link in a link that stays open',
  'a table in a paragraph, after an old doctype',
  'HTML directly inside of SVG or MathML',
  'annotation-xml',
  'a paragraph or break that ends inside of SVG or MathML',
  'a formatting element that ends outside of a block it began before',
  'a form that ends inside of an element it holds',
  'a frameset, or a template between head and body',
  'a head that goes on after its end',
  'an element that is moved out of a table',
  'text that is moved out of a table',
  'a reference that may be white space',
  'a comment that does not end',
  'a comment after the body, as markup',
  'mglyph or malignmark',
  'SVG or MathML as markup',
  'records inside each other',
  'a name beyond ASCII',
  'too many different names',
  'too many attributes',
  'too many open formatting elements',
  'an input whose type is written with references',
  'too many matches',
  'a very long reference',
  'JSON that is malformed, or has a key twice or with escapes on the way',
];
