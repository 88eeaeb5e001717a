/** What both designs take of a page. */
import type { FieldSpec } from '#core/task.ts';

export const FIELDS: Record<string, string | FieldSpec> = {
  title: 'title',
  heading: 'h1',
  first: { css: '.card .title', attr: 'href', as: 'url' },
  price: { css: '.card .price', as: 'number' },
};
