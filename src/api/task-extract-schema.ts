/** `extract` of a task. Selectors themselves are judged by the extract room. */
import * as z from 'zod';
import { bounded, flag, json, list, oneOf, strict } from './task-values.ts';

export const FIELD_ORIGINS = ['css', 'json', 'column', 'const'] as const;

const selector = bounded('a selector of 1 to 1000 characters', 1_000);

const field = strict({
  css: selector.exactOptional(),
  json: selector.exactOptional(),
  column: selector.exactOptional(),
  const: json.exactOptional(),
  attr: bounded('the name of an attribute', 200).exactOptional(),
  as: oneOf(['text', 'html', 'number', 'integer', 'boolean', 'date', 'url']).exactOptional(),
  all: flag.exactOptional(),
  match: bounded('a regular expression', 1_000).exactOptional(),
  default: json.exactOptional(),
  required: flag.exactOptional(),
});

const fieldName = z.string().regex(/^[^\p{Cc}]{1,200}$/u, { error: '1 to 200 characters' });

export const extractSchema = strict({
  format: oneOf(['auto', 'html', 'json', 'xml', 'csv', 'none']).default('auto'),
  each: selector.exactOptional(),
  fields: z
    .record(fieldName, z.union([selector, field], { error: 'a selector or an object' }), {
      error: 'an object of fields',
    })
    .default({}),
  key: list(bounded('the name of a field', 200), 1, 20).exactOptional(),
  keepBody: oneOf(['none'], ['failed', 'all']).default('none'),
});
