import type { PageSet } from './pages.ts';

/** The task that everybody is given: title, headings, links, absolute. */
import type { ExtractSpec } from '#core/task.ts';

export const TASK_FIELDS: ExtractSpec['fields'] = {
  title: 'title',
  heads: { css: 'h1, h2', all: true },
  links: { css: 'a[href]', attr: 'href', as: 'url', all: true },
};

/** Of pages of an API. */
const JSON_FIELDS: ExtractSpec['fields'] = {
  names: { json: '$.items[*].name', all: true },
  amounts: { json: '$.items[*].price.amount', all: true },
  links: { json: '$.items[*].url', as: 'url', all: true },
};

export const fieldsOf = (set: PageSet): ExtractSpec['fields'] => (set === 'json' ? JSON_FIELDS : TASK_FIELDS);
